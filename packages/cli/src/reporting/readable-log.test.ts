import picocolors from "picocolors";
import { expect, test } from "vitest";
import { readableLine } from "./readable-log.js";

const plain = picocolors.createColors(false);
const time = new Date(2026, 10, 22, 14, 5, 9).toISOString();

test("an entry is time, level, message and fields", () => {
  const entry = { level: "info", time, msg: "listening", address: "127.0.0.1:8080", domain: "localhost" };
  expect(readableLine(entry, plain, false)).toBe("14:05:09 INFO  listening  address=127.0.0.1:8080 domain=localhost");
});

test("sizes have a readable unit", () => {
  const entry = { level: "info", time, msg: "status of the server", sessions: 2, sent_bytes: 34_000_000 };
  expect(readableLine(entry, plain, false)).toBe('14:05:09 INFO  status of the server  sessions=2 sent_bytes="34 MB"');
});

test("a request is method, path, status, duration and size", () => {
  const request = { method: "GET", path: "/a?b", status: 200, duration_ms: 3, bytes_out: 1234, started: time };
  const entry = { level: "info", time, msg: "request", name: "my-app", session: "5a", ...request, request_id: "7-1" };
  expect(readableLine(entry, plain, false)).toBe("14:05:09 INFO  my-app  GET /a?b  200  3 ms  1.2 kB  request_id=7-1");
  expect(readableLine(entry, plain, true)).toContain("session=5a");
  expect(readableLine({ ...entry, ended: "complete" }, plain, false)).toBe(readableLine(entry, plain, false));
  const broken = { ...entry, ended: "origin_reset", code: "PN_ORIGIN_BROKEN" };
  expect(readableLine(broken, plain, false)).toMatch(/ 200 .* ended=origin_reset code=PN_ORIGIN_BROKEN$/);
});

test("an entry cannot break its line or control the terminal", () => {
  const entry = { level: "warn", time, msg: "a\nb\x1b[2J", "k\n": "v\r\nw", nested: { x: "\x1b" }, path: "/\x1b" };
  const line = readableLine(entry, plain, false);
  expect(line).toMatch(/^[\x20-\x7e]*$/);
  expect(line).toContain("a\\x0ab\\x1b[2J");
});

test("problems are lines of their own, which cannot control the terminal", () => {
  const entry = { level: "error", time, msg: "reload failed", problems: ["a.toml:1:1: wrong", "b\n\x1b"], code: "X" };
  expect(readableLine(entry, plain, false).split("\n")).toEqual([
    "14:05:09 ERROR reload failed  code=X",
    "  a.toml:1:1: wrong",
    "  b\\x0a\\x1b",
  ]);
});

test("an error is its message and code; the stack is added at full detail", () => {
  const err = { type: "Error", message: "no room", code: "ENOSPC", stack: "Error: no room\n    at here (file:1:2)" };
  const entry = { level: "error", time, msg: "cannot write", err };
  expect(readableLine(entry, plain, false)).toBe('14:05:09 ERROR cannot write  error="no room (ENOSPC)"');
  expect(readableLine(entry, plain, true).split("\n")).toHaveLength(2);
});
