import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { backoff, DEFAULT_RECONNECTION } from "./backoff.js";

const options = DEFAULT_RECONNECTION;

describe("backoff", () => {
  test("the first retry waits a random part of the initial delay", () => {
    expect(backoff(1, options, 0)).toBe(0);
    expect(backoff(1, options, 0.5)).toBe(500);
  });

  test("later retries grow by the multiplier up to the longest delay, less their jitter", () => {
    expect([2, 3, 4].map((attempt) => backoff(attempt, options, 0))).toEqual([2_000, 4_000, 8_000]);
    expect(backoff(3, options, 0.5)).toBe(3_000);
    expect(backoff(1_000, options, 0)).toBe(300_000);
  });

  test("the hint is the shortest delay, and a thousand clients do not return together", () => {
    expect(backoff(1, options, 0.25, 5_000)).toBe(5_250);
    expect(backoff(2, options, 0, 5_000)).toBe(5_000);
  });

  test("at most one hour of a hint is obeyed", () => {
    expect(backoff(1, options, 0, 2 ** 32)).toBe(3_600_000);
    expect(backoff(2, options, 0, 2 ** 32)).toBe(3_600_000);
  });

  test("no delay is negative, infinite, or longer than maxDelay and the hint together", () => {
    fc.assert(
      fc.property(
        fc.nat(10_000),
        fc.double({ min: 0, max: 0.999_999, noNaN: true }),
        fc.nat(60_000),
        (attempt, random, hint) => {
          const delay = backoff(attempt, options, random, hint);
          expect(delay).toBeGreaterThanOrEqual(0);
          expect(delay).toBeLessThanOrEqual(options.maxDelay + hint);
        },
      ),
    );
  });
});
