import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Coding } from "./coding.js";
import { Encoders } from "./encoders.js";

const GZIP: Coding = { name: "gzip", level: 6 };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("two encoders of a kind are kept for the next bodies", () => {
  const encoders = new Encoders();
  const taken = [1, 2, 3].map(() => encoders.take(GZIP, true));
  for (const encoder of taken) encoders.give(encoder, true);
  expect([encoders.used, encoders.kept]).toEqual([0, 2]);
  expect(taken).toContain(encoders.take(GZIP, true));
  expect([encoders.used, encoders.kept]).toEqual([1, 1]);
});

test("an encoder is used only for bodies of its kind", () => {
  const encoders = new Encoders();
  const encoder = encoders.take(GZIP, true);
  encoders.give(encoder, true);
  expect(encoders.take(GZIP, false)).not.toBe(encoder);
  expect(encoders.take({ name: "gzip", level: 1 }, true)).not.toBe(encoder);
  expect(encoders.take({ name: "zstd", level: 3 }, true)).not.toBe(encoder);
  expect(encoders.kept).toBe(1);
});

test("an encoder whose body was not complete is not used again", () => {
  const encoders = new Encoders();
  encoders.give(encoders.take(GZIP, false), false);
  expect([encoders.used, encoders.kept]).toEqual([0, 0]);
});

test("encoders that no body needs for ten seconds are dropped", () => {
  const encoders = new Encoders();
  encoders.give(encoders.take(GZIP, true), true);
  vi.advanceTimersByTime(9_000);
  encoders.give(encoders.take(GZIP, true), true);
  vi.advanceTimersByTime(9_000);
  expect(encoders.kept).toBe(1);
  vi.advanceTimersByTime(11_000);
  expect(encoders.kept).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});
