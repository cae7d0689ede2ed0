import { expect, test } from "vitest";
import type { StatusEvent } from "@postern/client";
import { pino } from "pino";
import { gatewayLog } from "./logged-gateway.js";

test("the log names the addresses of a gateway that listens", () => {
  const lines: Record<string, unknown>[] = [];
  const events: StatusEvent[] = [];
  const log = pino({ base: null, timestamp: false }, { write: (line) => void lines.push(JSON.parse(line) as never) });
  const { onState } = gatewayLog(log, log, (event) => void events.push(event));
  onState("listening", { address: "127.0.0.1:80", secureAddress: "127.0.0.1:443" });
  onState("draining", { address: "127.0.0.1:80", secureAddress: undefined });
  expect(lines).toEqual([
    {
      level: 30,
      msg: "gateway listening",
      address: "127.0.0.1:80",
      secure_address: "127.0.0.1:443",
    },
  ]);
  expect(events.map(({ data }) => data)).toMatchObject([{ state: "listening", address: "127.0.0.1:80" }]);
});
