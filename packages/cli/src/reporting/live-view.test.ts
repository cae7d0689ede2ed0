import { PassThrough } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import picocolors from "picocolors";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ConfigSummary, TunnelEvent, TunnelEventType } from "@postern/client";
import { EndpointStatus } from "@postern/client/status";
import { figuresLine, LiveView } from "./live-view.js";
import { Output } from "../terminal/output.js";

const plain = picocolors.createColors(false);
const NOW = Date.parse("2026-11-22T10:00:00.000Z");

let terminal: PassThrough & { isTTY: boolean; columns: number; rows: number };
let status: EndpointStatus;
let view: LiveView;

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
  terminal = Object.assign(new PassThrough(), { isTTY: true, columns: 60, rows: 24 });
  status = new EndpointStatus("web", {} as ConfigSummary);
  happens("tunnel_established", { public_url: "http://web.localhost" });
  view = new LiveView(new Output(terminal), plain, "info");
  view.figures = () => ({ report: status.report(Date.now()), requestsPerSecond: 1.2 });
});
afterEach(() => {
  view.close();
  vi.useRealTimers();
});

function happens(type: TunnelEventType, data: Record<string, unknown>): void {
  status.add({ time: new Date().toISOString(), type, endpoint: "web", message: "", data } as TunnelEvent);
}

/** The output since the last call. */
function written(): string {
  return String((terminal.read() as Buffer | null) ?? "");
}

function request(number: number): void {
  view.print("info", `request ${number}`, { msg: "", request_id: String(number) });
}

test("requests are redrawn in place below the messages, at most four times a second", () => {
  view.print("info", "hello", { msg: "hello" });
  expect(stripVTControlCharacters(written())).toBe("hello\n● connected 0 s  http://web.localhost\n");
  for (let number = 1; number <= 100; number++) request(number);
  expect(written()).toBe("");
  vi.advanceTimersByTime(250);
  const drawn = written();
  expect(drawn).toMatch(/^\r.\[1A/s);
  expect(stripVTControlCharacters(drawn).trimStart().split("\n")).toEqual([
    ...[93, 94, 95, 96, 97, 98, 99, 100].map((number) => `request ${number}`),
    "",
    "● connected 0 s  http://web.localhost",
    "",
  ]);
  // Without new requests, only the age is redrawn, once a second.
  vi.advanceTimersByTime(3_000);
  expect(written().split("● connected").length - 1).toBeLessThanOrEqual(3);
});

test("messages stay above", () => {
  request(1);
  vi.advanceTimersByTime(250);
  written();
  view.print("warn", "Connection lost", { msg: "" });
  const drawn = written();
  expect(drawn).toMatch(/^\r.\[3A.\[J/s);
  expect(stripVTControlCharacters(drawn)).toContain("Connection lost\nrequest 1\n\n●");
});

test("a low terminal shows fewer requests, a narrow one cuts them", () => {
  terminal.rows = 8;
  terminal.columns = 20;
  for (let number = 1; number <= 8; number++)
    view.print("info", `request ${number} with a long path`, { msg: "", request_id: "" });
  vi.advanceTimersByTime(250);
  expect(stripVTControlCharacters(written()).split("\n")).toEqual([
    "request 7 with a lo…",
    "request 8 with a lo…",
    "",
    "● connected 0 s  ht…",
    "",
  ]);
});

test("after closing, the last drawing stays and messages follow it", () => {
  request(1);
  view.close();
  expect(stripVTControlCharacters(written())).toBe("request 1\n\n● connected 0 s  http://web.localhost\n");
  view.print("info", "bye", { msg: "bye" });
  vi.advanceTimersByTime(5_000);
  expect(written()).toBe("bye\n");
});

test("the line of figures shows state, URL and rates", () => {
  happens("http_request", { status: 200, duration_ms: 4 });
  const line = (): string => figuresLine({ report: status.report(NOW + 60_000), requestsPerSecond: 3.2 }, plain);
  expect(line()).toBe("● connected 60 s  http://web.localhost  1 request, 3.2/s, median 4 ms, p95 4 ms");
  happens("status_update", { data_plane: "failing" });
  expect(line()).toContain("end-to-end check fails");
  happens("error", { code: "PN_DIAL_REFUSED" });
  expect(line()).toContain("● connected 60 s  end-to-end check fails  local service unreachable  http");
  happens("status_update", { local: "ok", before: "failing" });
  happens("tunnel_closed", { code: "PN_SESSION_LOST" });
  expect(line()).toMatch(/^● reconnecting {2}http/);
});
