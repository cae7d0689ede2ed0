import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { backoff, reconnectionOptions } from "./backoff.js";

const options = reconnectionOptions();

test("a long initial delay raises the longest delay, unless that is given too", () => {
  expect(reconnectionOptions({ initialDelay: 60_000 }).maxDelay).toBe(60_000);
  expect(reconnectionOptions({ initialDelay: 60_000, maxDelay: 300_000 }).maxDelay).toBe(300_000);
  expect(reconnectionOptions({ initialDelay: 500 }).maxDelay).toBe(20_000);
});

describe("backoff", () => {
  test("the first retry waits a random part of the initial delay", () => {
    expect(backoff(1, options, 0)).toBe(0);
    expect(backoff(1, options, 0.5)).toBe(500);
  });

  test("later retries grow by the multiplier up to the longest delay, less their jitter", () => {
    expect([2, 3, 4].map((attempt) => backoff(attempt, options, 0))).toEqual([2_000, 4_000, 8_000]);
    expect(backoff(3, options, 0.5)).toBe(3_000);
    expect(backoff(1_000, options, 0)).toBe(20_000);
    expect(backoff(1_000, options, 0.5)).toBe(15_000);
  });

  test("the hint is the shortest delay, and a thousand clients do not return together", () => {
    expect(backoff(1, options, 0.25, { hint: 5_000 })).toBe(5_250);
    expect(backoff(2, options, 0, { hint: 5_000 })).toBe(5_000);
    expect(backoff(8, options, 0, { hint: 5_000 })).toBe(20_000);
  });

  test("a client that was given a time to return waits only for that time, however often it has tried", () => {
    for (const attempt of [1, 2, 8, 1_000])
      for (const initialDelay of [1_000, 60_000])
        expect(backoff(attempt, { ...options, initialDelay }, 0.25, { hint: 700, isAppointment: true })).toBe(950);
    expect(backoff(8, options, 0, { hint: 0, isAppointment: true })).toBe(20_000);
  });

  test("at most one hour of a hint is obeyed", () => {
    expect(backoff(1, options, 0, { hint: 2 ** 32 })).toBe(3_600_000);
    expect(backoff(2, options, 0, { hint: 2 ** 32 })).toBe(3_600_000);
    expect(backoff(2, options, 0, { hint: 2 ** 32, isAppointment: true })).toBe(3_600_000);
  });

  test("the time of the failed attempt is part of the delay, but not of a hint, and a random pause remains", () => {
    expect(backoff(8, options, 0.5, { took: 10_000 })).toBe(5_000);
    expect(backoff(8, options, 0.5, { took: 30_000 })).toBe(500);
    expect(backoff(2, options, 0.5, { took: 30_000, hint: 5_000 })).toBe(5_000);
    expect(backoff(8, { ...options, maxDelay: 100 }, 0.5, { took: 30_000 })).toBe(50);
  });

  test("no delay is negative, infinite, or longer than maxDelay and the hint together", () => {
    fc.assert(
      fc.property(
        fc.nat(10_000),
        fc.double({ min: 0, max: 0.999_999, noNaN: true }),
        fc.record({ hint: fc.nat(60_000), isAppointment: fc.boolean(), took: fc.nat(60_000) }),
        (attempt, random, circumstances) => {
          const { hint } = circumstances;
          const delay = backoff(attempt, options, random, circumstances);
          expect(delay).toBeGreaterThanOrEqual(hint);
          expect(delay).toBeLessThanOrEqual(options.maxDelay + hint);
        },
      ),
    );
  });

  test("attempts begin at most 20 seconds apart, or as soon as an attempt of 30 seconds has timed out", () => {
    const quick = fc.constant(5);
    const silent = fc.constant(30_000);
    fc.assert(
      fc.property(
        fc.nat(1_000),
        fc.double({ min: 0, max: 0.999_999, noNaN: true }),
        fc.oneof(quick, silent),
        (attempt, random, took) => {
          const apart = took + backoff(attempt, options, random, { took });
          expect(apart).toBeLessThanOrEqual(Math.max(options.maxDelay, took) + options.initialDelay);
        },
      ),
    );
  });
});
