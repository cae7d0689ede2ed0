import picocolors from "picocolors";
import { expect, test } from "vitest";
import type { ConfigSummary, TunnelEvent, TunnelEventType } from "@postern/client";
import { EndpointStatus, type StatusDocument } from "@postern/client/command";
import type { ClientAnswer } from "./ask-client.js";
import { statusTable } from "./status-table.js";

const NOW = Date.parse("2026-11-22T10:00:00.000Z");
const plain = picocolors.createColors(false);

/** What a client with one endpoint says after these events, a minute after the first. */
function answer(
  pid: number,
  endpoint: string,
  ...events: [type: TunnelEventType, data: Record<string, unknown>][]
): ClientAnswer {
  const status = new EndpointStatus(endpoint, {} as ConfigSummary);
  for (const [index, [type, data]] of events.entries()) {
    const time = new Date(NOW - 60_000 + index * 1_000).toISOString();
    status.add({ time, type, endpoint, message: `This was ${type}.`, data } as TunnelEvent);
  }
  const time = new Date(NOW).toISOString();
  const document: StatusDocument = {
    schema: 1,
    version: "0.1.0",
    pid,
    started: time,
    time,
    healthy: false,
    webhook: null,
    endpoints: [status.report(NOW)],
  };
  return {
    client: { schema: 1, pid, api: "http://127.0.0.1:4040", started: time, command: "http" },
    document,
    isGone: false,
  };
}

const CONNECTED: [TunnelEventType, Record<string, unknown>] = [
  "tunnel_established",
  { public_url: "http://my-app.tunnel.example.com:8080" },
];

test("one healthy client", () => {
  const requests = Array.from({ length: 30 }, (): [TunnelEventType, Record<string, unknown>] => [
    "http_request",
    { status: 200, duration_ms: 12 },
  ]);
  const lines = statusTable([answer(1, "web", CONNECTED, ["pong", { latency_ms: 3.4 }], ...requests)], 100, plain);
  expect(lines).toEqual([
    "ENDPOINT  STATE      URL                                    UP    HEALTH  REQ/S  RESPONSE  PING",
    "web       connected  http://my-app.tunnel.example.com:8080  60 s  95      0.5    12 ms     3 ms",
  ]);
});

test("several clients are told apart, and what is wrong is said", () => {
  const failing = answer(12, "api", CONNECTED, ["status_update", { data_plane: "failing" }]);
  const away = answer(345, "web", ["connection_failure", { code: "PN_SERVER_UNREACHABLE" }], ["reconnection", {}]);
  const silent: ClientAnswer = {
    client: { schema: 1, pid: 6, api: "http://127.0.0.1:4041", started: "", command: "start" },
    trouble: "it does not answer",
    isGone: false,
  };
  expect(statusTable([failing, away, silent], undefined, plain)).toEqual([
    "PID  ENDPOINT  STATE         URL                                    UP    HEALTH  REQ/S  RESPONSE  PING",
    "12   api       connected     http://my-app.tunnel.example.com:8080  60 s  40      0      -         -",
    "345  web       reconnecting  -                                      -     27      0      -         -",
    "api: connected, but visitors do not come through.",
    "web: This was connection_failure. (PN_SERVER_UNREACHABLE, 60 s ago, retry 1)",
    "postern start (process 6): it does not answer.",
  ]);
});

test("a narrow terminal cuts addresses, then lines", () => {
  for (const columns of [90, 60, 20])
    for (const line of statusTable([answer(1, "web", CONNECTED)], columns, picocolors.createColors(true)))
      // eslint-disable-next-line no-control-regex
      expect(line.replace(/\x1b\[\d+m/g, "").length).toBeLessThanOrEqual(columns);
  expect(statusTable([answer(1, "web", CONNECTED)], 80, plain)[1]).toContain("http://my-app.tunnel.…");
});

test("nothing that a server says can write into the terminal", () => {
  const evil = answer(
    1,
    "web",
    ["tunnel_established", { public_url: "http://\x1b[2J" }],
    ["error", { code: "\x1b[1A" }],
  );
  expect(statusTable([evil], 80, plain).join("")).not.toMatch(/\p{Cc}/u);
});

test("nothing runs", () => {
  expect(statusTable([], 80, plain)).toEqual(["No client runs here."]);
});
