import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BodyPace, type PaceLimits } from "./body-pace.js";

const ANY_BYTE = { bodyGrace: 60_000, bodyRate: 0 };
const WITH_RATE = { bodyGrace: 20_000, bodyRate: 240 };

/** The seconds after which a body with `bytesIn(second)` bytes at the end of each second times out; Infinity: never. */
function secondsOf(limits: PaceLimits, bytesIn: (second: number) => number, extra = 0): number {
  const pace = new BodyPace(limits);
  pace.begin(0, extra);
  let bytes = 0;
  for (let second = 1; second <= 10_000; second++) {
    if (pace.deadline <= second * 1_000) return pace.deadline / 1_000;
    bytes += bytesIn(second);
    pace.onBytes(second * 1_000, bytes);
  }
  return Infinity;
}

describe("a body times out", () => {
  test("after 60 seconds without a byte", () => {
    expect(secondsOf(ANY_BYTE, () => 0)).toBe(60);
    expect(secondsOf(ANY_BYTE, (second) => (second === 7 ? 1 : 0))).toBe(67);
  });

  test("with a minimum rate, a little later when it trickles", () => {
    expect(secondsOf(WITH_RATE, () => 0)).toBe(20);
    expect(secondsOf(WITH_RATE, () => 1)).toBeCloseTo(20.08, 2);
    expect(secondsOf(WITH_RATE, () => 120)).toBe(39);
  });

  test("one grace period after it stopped, however much came before", () => {
    expect(secondsOf(WITH_RATE, (second) => (second <= 5 ? 1_000_000 : 0))).toBe(25);
  });

  test("later when it waited for 100 Continue, but only once", () => {
    expect(secondsOf(ANY_BYTE, () => 0, 75_000)).toBe(135);
    expect(secondsOf(ANY_BYTE, (second) => (second === 1 ? 1 : 0), 75_000)).toBe(61);
    expect(secondsOf(WITH_RATE, (second) => (second === 1 ? 240 : 0), 75_000)).toBe(21);
  });
});

describe("a body does not time out", () => {
  test("at a byte every 59 seconds", () => {
    expect(secondsOf(ANY_BYTE, (second) => (second % 59 === 0 ? 1 : 0))).toBe(Infinity);
  });

  test("at the minimum rate, also in bursts every 15 seconds", () => {
    expect(secondsOf(WITH_RATE, () => 240)).toBe(Infinity);
    expect(secondsOf(WITH_RATE, (second) => (second % 15 === 0 ? 15 * 240 : 0))).toBe(Infinity);
  });

  test("at any rate if there is no limit", () => {
    expect(secondsOf({ bodyGrace: 0, bodyRate: 240 }, () => 0)).toBe(Infinity);
    expect(secondsOf({ bodyGrace: 0, bodyRate: 0 }, (second) => second % 2)).toBe(Infinity);
  });

  test("if it is never slower than the limit", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 240, max: 5_000 }), { minLength: 1, maxLength: 50 }), (rates) => {
        expect(secondsOf(WITH_RATE, (second) => rates[second % rates.length]!)).toBe(Infinity);
      }),
      { numRuns: 20 },
    );
  });
});

test("the clock does not run while the gateway does not read", () => {
  const pace = new BodyPace(ANY_BYTE);
  pace.begin(0, 0);
  pace.stop(40_000);
  pace.stop(45_000);
  expect(pace.deadline).toBe(Infinity);
  pace.resume(1_000_000);
  expect(pace.deadline).toBe(1_020_000);
  pace.resume(1_010_000);
  expect(pace.deadline).toBe(1_020_000);
  pace.stop(1_010_000);
  pace.onBytes(1_010_000, 1);
  pace.resume(2_000_000);
  expect(pace.deadline).toBe(2_060_000);
});

test("each body has its own grace period", () => {
  const pace = new BodyPace(ANY_BYTE);
  pace.begin(0, 0);
  pace.stop(59_000);
  pace.begin(59_500, 0);
  expect(pace.deadline).toBe(119_500);
});
