import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { LineWriter } from "./line-writer.js";

let written: string[] = [];
let warnings: string[] = [];
let isFull = false;
let now = 0;

beforeEach(() => {
  vi.useFakeTimers();
  written = [];
  warnings = [];
  isFull = false;
  now = 0;
});
afterEach(() => void vi.useRealTimers());

function writer(): LineWriter {
  const sink = {
    lines(text: string): boolean {
      if (!isFull) written.push(text);
      return !isFull;
    },
  };
  return new LineWriter({ sink, name: "a.log", onWarning: (text) => void warnings.push(text), now: () => now });
}

test("lines are written together, soon, and in their order", () => {
  const log = writer();
  log.write("one");
  log.write("two");
  expect(written).toEqual([]);
  vi.advanceTimersByTime(100);
  log.write("three");
  vi.advanceTimersByTime(100);
  expect(written).toEqual(["one\ntwo\n", "three\n"]);
  expect(log.lines).toBe(3);
  expect(vi.getTimerCount()).toBe(0);
});

test("many lines are written before their time", () => {
  const log = writer();
  for (let n = 0; n < 700; n++) log.write("x".repeat(99));
  expect(written.map((text) => text.length)).toEqual([32_800, 32_800]);
  log.flush();
  expect(written.join("")).toBe(`${"x".repeat(99)}\n`.repeat(700));
});

describe("lines that are dropped", () => {
  test("are counted, and are a warning at most once a minute", () => {
    const log = writer();
    isFull = true;
    for (const line of ["a", "b", "c"]) log.write(line);
    log.flush();
    now = 59_999;
    log.onDropped(2);
    expect([log.lines, log.dropped]).toEqual([3, 5]);
    expect(warnings).toEqual([expect.stringMatching(/access log a\.log .* 3 lines dropped so far/)]);
    now = 60_000;
    log.onDropped(1);
    expect(warnings[1]).toContain("6 lines dropped");
  });

  test("do not stop those that follow", () => {
    const log = writer();
    isFull = true;
    log.write("lost");
    log.flush();
    isFull = false;
    log.write("kept");
    log.flush();
    expect(written).toEqual(["kept\n"]);
    expect(log.dropped).toBe(1);
  });
});

test("nothing is written after the end", () => {
  const log = writer();
  log.write("last");
  log.close();
  log.write("late");
  vi.advanceTimersByTime(1_000);
  expect(written).toEqual(["last\n"]);
  expect(vi.getTimerCount()).toBe(0);
});
