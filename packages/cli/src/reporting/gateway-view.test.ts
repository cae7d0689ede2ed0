import picocolors from "picocolors";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { GatewayView } from "./gateway-view.js";

let printed: [text: string, fields: Record<string, unknown>][];

beforeEach(() => {
  vi.useFakeTimers({ now: new Date(2026, 10, 22, 14, 5, 9) });
  printed = [];
});
afterEach(() => {
  vi.useRealTimers();
});

function view(isDetailed = false): GatewayView {
  const paint = picocolors.createColors(false);
  const print = (level: string, text: string, fields: object): unknown =>
    printed.push([`${level}: ${text}`, { ...fields }]);
  const messages = { paint, columns: undefined, print };
  return new GatewayView({ messages, gateway: messages, requests: messages, isDetailed, hasFigures: true });
}

test("a target that fails is one line, with the number of failures", () => {
  view().showTargetFailure({ target: "127.0.0.1:3000", reason: "nothing listens there", count: 2 });
  expect(printed[0]![0]).toBe("warn: 14:05:09  Target 127.0.0.1:3000: nothing listens there (2 times)");
});

test("an internal error is one line; its stack trace follows at full detail, a line for each call", () => {
  const error = new Error("no such\nstate");
  error.stack = "Error: no such\nstate\n    at first (a.js:1:2)\n    at second (b.js:3:4)";
  const line = "error: 14:05:09  A visitor's connection was closed: internal error: no such\\x0astate";
  view().showFault(error);
  view(true).showFault(error);
  view().showFault("text");
  expect(printed.map(([text]) => text)).toEqual([
    line,
    `${line}\n      at first (a.js:1:2)\n      at second (b.js:3:4)`,
    "error: 14:05:09  A visitor's connection was closed: internal error: text",
  ]);
  // Logs show an error in their own way.
  expect(printed[0]![1]).toEqual({ msg: "a visitor's connection was closed: internal error", err: error });
});
