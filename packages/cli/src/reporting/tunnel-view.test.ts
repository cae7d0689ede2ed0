import type { TunnelEvent, TunnelEventType } from "@postern/client";
import picocolors from "picocolors";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Messages } from "./messages.js";
import { TunnelView } from "./tunnel-view.js";

let said: string[];
let established: string[];
let view: TunnelView;

beforeEach(() => {
  vi.useFakeTimers({ now: new Date(2026, 10, 22, 14, 5, 9) });
  said = [];
  established = [];
  const messages: Messages = {
    paint: picocolors.createColors(false),
    columns: undefined,
    say: (level, text) => said.push(`${level}: ${text}`),
  };
  view = new TunnelView(messages, (url) => established.push(url));
});
afterEach(() => {
  vi.useRealTimers();
});

function show(type: TunnelEventType, message: string, data: Record<string, unknown> = {}): void {
  view.show({ time: new Date().toISOString(), type, endpoint: "default", message, data } as TunnelEvent);
}

const url = "http://my-app.localhost:8080";
const request: Record<string, unknown> = {
  method: "GET",
  path: "/",
  status: 200,
  started: new Date().toISOString(),
  duration_ms: 2,
  bytes_out: 5,
};

test("the address once, and again only when it has changed", () => {
  show("tunnel_established", "", { public_url: url });
  show("tunnel_established", "", { public_url: url });
  show("tunnel_established", "", { public_url: "http://other.localhost" });
  expect(established).toEqual([url]);
  expect(said).toEqual([
    "info: 14:05:09  Connected again",
    "info: 14:05:09  Connected again, under another address: http://other.localhost",
  ]);
});

test("why the connection is gone is said with what is done about it, in one line", () => {
  show("connection_failure", "The server cannot be reached.", { code: "PN_SERVER_UNREACHABLE" });
  show("reconnection", "", { delay_ms: 950 });
  show("tunnel_established", "", { public_url: url });
  show("tunnel_closed", "The connection broke.", { code: "PN_SESSION_LOST" });
  show("reconnection", "", { delay_ms: 1234 });
  show("reconnection", "", { delay_ms: 2000 });
  expect(said).toEqual([
    "warn: 14:05:09  No tunnel yet, trying again in 950 ms: The server cannot be reached.",
    "warn: 14:05:09  Connection lost, reconnecting in 1.2 s: The connection broke.",
    "warn: 14:05:09  Connection lost, reconnecting in 2.0 s",
  ]);
});

test("a local service that is not there is told at once; other errors are the end's to tell", () => {
  show("error", "the local service cannot be reached", { code: "PN_DIAL_REFUSED" });
  show("error", "this name is reserved", { code: "PN_NAME_RESERVED" });
  expect(said).toEqual(["warn: 14:05:09  The local service cannot be reached"]);
});

test("requests without a line are counted once a second", () => {
  show("http_request", "", request);
  show("http_request", "", { omitted: 3 });
  show("http_request", "", request);
  show("http_request", "", { omitted: 310 });
  expect(said).toHaveLength(2);
  vi.advanceTimersByTime(1_000);
  expect(said.slice(2)).toEqual(["info:           … and 313 more requests"]);
  view.tellOmitted();
  vi.advanceTimersByTime(5_000);
  expect(said).toHaveLength(3);
});

test("a message of another party cannot write into the terminal", () => {
  show("error", "\x1b[2J\ngone", { code: "PN_DIAL_FAILED" });
  expect(said.join("")).not.toMatch(/\p{Cc}/u);
});
