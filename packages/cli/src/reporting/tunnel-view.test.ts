import type { TunnelEvent, TunnelEventType } from "@postern/client";
import picocolors from "picocolors";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Messages } from "./messages.js";
import { TunnelView } from "./tunnel-view.js";

let printed: string[];
let established: string[];
let view: TunnelView;

beforeEach(() => {
  vi.useFakeTimers({ now: new Date(2026, 10, 22, 14, 5, 9) });
  printed = [];
  established = [];
  const messages: Messages = {
    paint: picocolors.createColors(false),
    columns: undefined,
    print: (level, text) => printed.push(`${level}: ${text}`),
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

test("the URL is shown once, and again when it has changed", () => {
  show("tunnel_established", "", { public_url: url });
  show("tunnel_established", "", { public_url: url });
  show("tunnel_established", "", { public_url: "http://other.localhost" });
  expect(established).toEqual([url]);
  expect(printed).toEqual([
    "info: 14:05:09  Reconnected",
    "info: 14:05:09  Reconnected with a new public URL: http://other.localhost",
  ]);
});

test("a client that joins others says how many there are, each time that it connects", () => {
  show("tunnel_established", "", { public_url: url, members: 1 });
  show("tunnel_established", "", { public_url: url, members: 2 });
  show("tunnel_established", "", { public_url: url, members: 3, strategy: "least_time" });
  expect(printed).toEqual([
    "info: 14:05:09  No other client serves this name",
    "info: 14:05:09  Reconnected",
    "info: 14:05:09  1 other client serves this name too",
    "info: 14:05:09  Reconnected",
    "info: 14:05:09  2 other clients serve this name too (least_time)",
  ]);
});

test("the cause of a lost connection is printed with the reconnection, in one line", () => {
  show("connection_failure", "The server cannot be reached.", { code: "PN_SERVER_UNREACHABLE" });
  show("reconnection", "", { delay_ms: 950 });
  show("tunnel_established", "", { public_url: url });
  show("tunnel_closed", "The connection broke.", { code: "PN_SESSION_LOST" });
  show("reconnection", "", { delay_ms: 1234 });
  show("reconnection", "", { delay_ms: 2000 });
  expect(printed).toEqual([
    "warn: 14:05:09  Not connected; retrying in 950 ms: The server cannot be reached.",
    "warn: 14:05:09  Connection lost; reconnecting in 1.2 s: The connection broke.",
    "warn: 14:05:09  Not connected; retrying in 2.0 s",
  ]);
});

test("a short delay is none", () => {
  show("reconnection", "", { delay_ms: 3 });
  expect(printed).toEqual(["warn: 14:05:09  Not connected; retrying at once"]);
});

test("for a name that does not exist, the terminal says once that the client keeps trying", () => {
  const unknown = "The server cannot be reached. (nowhere.example: ENOTFOUND, this name does not exist)";
  for (let attempt = 0; attempt < 3; attempt += 1) {
    show("connection_failure", unknown, { code: "PN_SERVER_UNREACHABLE" });
    show("reconnection", "", { delay_ms: 2000 });
  }
  expect(printed.filter((line) => line.includes("keeps trying"))).toEqual([
    expect.stringMatching(/If the name is wrong, press Ctrl-C and correct it\.$/),
  ]);
  expect(printed.filter((line) => line.includes("ENOTFOUND"))).toHaveLength(3);
});

test("an unreachable local service is printed at once; other errors are not", () => {
  show("error", "the local service cannot be reached", { code: "PN_DIAL_REFUSED" });
  show("error", "this name is reserved", { code: "PN_NAME_RESERVED" });
  expect(printed).toEqual(["warn: 14:05:09  The local service cannot be reached"]);
});

test("a kind of flaw in responses is described once, and unknown words are ignored", () => {
  for (const repairs of [["bare_lf"], ["bare_lf", "repeated_length"], ["new_word", "toString"], undefined])
    show("http_request", "", { ...request, repairs });
  expect(printed).toHaveLength(6);
  expect(printed.filter((line) => line.startsWith("warn"))).toEqual([
    expect.stringContaining(
      "a line of the head ends with LF alone, not with CR LF. The server repairs them (bare_lf).",
    ),
    expect.stringContaining("Content-Length is repeated. The server repairs them (repeated_length)."),
  ]);
});

test("a local service that is reachable again is printed, and one that is reachable from the start is not", () => {
  show("status_update", "the local service accepts connections", { local: "ok", before: "unknown" });
  show("status_update", "nothing listens at localhost:3000", { local: "failing", code: "PN_DIAL_REFUSED" });
  show("status_update", "the local service accepts connections", { local: "ok", before: "failing" });
  expect(printed).toEqual([
    "debug: 14:05:09  The local service accepts connections",
    "warn: 14:05:09  Nothing listens at localhost:3000",
    "info: 14:05:09  The local service accepts connections",
  ]);
});

test("a suggestion is printed as a warning", () => {
  show("status_update", "use --host-header rewrite", { suggestion: "host_header_rewrite", software: "Vite" });
  expect(printed).toEqual(["warn: 14:05:09  Use --host-header rewrite"]);
});

test("omitted requests are counted once a second", () => {
  show("http_request", "", request);
  show("http_request", "", { omitted: 3 });
  show("http_request", "", request);
  show("http_request", "", { omitted: 310 });
  expect(printed).toHaveLength(2);
  vi.advanceTimersByTime(1_000);
  expect(printed.slice(2)).toEqual(["info:           … and 313 more requests"]);
  view.reportOmitted();
  vi.advanceTimersByTime(5_000);
  expect(printed).toHaveLength(3);
});

test("text of the peer cannot control the terminal", () => {
  show("error", "\x1b[2J\ngone", { code: "PN_DIAL_FAILED" });
  expect(printed.join("")).not.toMatch(/\p{Cc}/u);
});
