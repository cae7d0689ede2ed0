import { setImmediate } from "node:timers/promises";
import type { TunnelEvent } from "@postern/client";
import { pino } from "pino";
import { beforeEach, expect, test } from "vitest";
import { EventLog } from "./event-log.js";

interface Entry {
  level: "info" | "warn" | "error";
  endpoint: string;
  code?: string;
  server?: string;
  msg: string;
}

const REASON = { code: "PN_AUTH_REFUSED", message: "The credential is refused." };
const CONSEQUENCE = "Not retrying.";

let entries: Entry[];
let events: EventLog;
beforeEach(() => {
  entries = [];
  const write = (line: string): void => void entries.push(JSON.parse(line) as Entry);
  const log = pino({ base: null, timestamp: false, formatters: { level: (level) => ({ level }) } }, { write });
  events = new EventLog(log, log);
});

function refusal(endpoint: string): TunnelEvent {
  const data = { code: "PN_AUTH_REFUSED", retryable: false, server: "a.example" } as const;
  return { time: "", type: "authentication_failure", endpoint, message: REASON.message, data };
}

const warning = (endpoint: string): object => ({ level: "warn", endpoint, msg: REASON.message });

test("a refused login that ends an endpoint is one entry", async () => {
  events.add(refusal("a"));
  events.add(refusal("b"));
  await Promise.resolve();
  events.failed("a", REASON, CONSEQUENCE);
  await setImmediate();
  expect(entries).toEqual([
    { level: "error", endpoint: "a", ...refusal("a").data, msg: "The credential is refused. Not retrying." },
    expect.objectContaining(warning("b")),
  ]);
});

test("the entry of a refused login can be written by the caller instead, and includes the warning", async () => {
  events.add(refusal("a"));
  const msg = "The credential is refused. Not retrying.";
  expect(events.failure("a", REASON, CONSEQUENCE)).toEqual({ endpoint: "a", ...refusal("a").data, msg });
  await setImmediate();
  expect(entries).toEqual([]);
});

test("a warning precedes later events of its endpoint", () => {
  events.add(refusal("a"));
  const data = { public_url: "http://a.example", tunnel_id: "1", local: "3000" };
  events.add({ time: "", type: "tunnel_established", endpoint: "a", message: "open", data });
  expect(entries).toMatchObject([warning("a"), { level: "info", msg: "open" }]);
});

test("a failure for another reason is an entry of its own, and so is one without an event", () => {
  events.add(refusal("a"));
  const invalid = { code: "PN_NAME_INVALID", message: "The name is invalid." };
  events.failed("a", invalid, CONSEQUENCE);
  events.failed("b", invalid, CONSEQUENCE);
  const error = { level: "error", code: "PN_NAME_INVALID", msg: "The name is invalid. Not retrying." };
  expect(entries).toMatchObject([warning("a"), { ...error, endpoint: "a" }, { ...error, endpoint: "b" }]);
});
