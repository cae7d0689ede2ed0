import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BodyPace } from "./body-pace.js";

const LIMITS = { bodyRate: 240, bodyGrace: 20_000 };

/** The seconds after which a body with `bytesIn(second)` bytes in each second times out; Infinity: never. */
function secondsOf(bytesIn: (second: number) => number, { extra = 0, limits = LIMITS } = {}): number {
  const pace = new BodyPace(limits);
  pace.begin(extra);
  let bytes = 0;
  for (let second = 1; second <= 10_000; second++) {
    bytes += bytesIn(second);
    if (!pace.waited(1_000, bytes)) return second;
  }
  return Infinity;
}

describe("a body times out", () => {
  test("after 20 seconds without a byte", () => {
    expect(secondsOf(() => 0)).toBe(20);
  });

  test("a little later when it trickles", () => {
    expect(secondsOf(() => 1)).toBe(21);
    expect(secondsOf(() => 120)).toBe(40);
  });

  test("20 seconds after it stopped, however much came before", () => {
    expect(secondsOf((second) => (second <= 5 ? 1_000_000 : 0))).toBe(25);
  });

  test("later when it waited for 100 Continue, but only once", () => {
    expect(secondsOf(() => 0, { extra: 60_000 })).toBe(80);
    expect(secondsOf((second) => (second === 1 ? 240 : 0), { extra: 60_000 })).toBe(21);
  });
});

describe("a body does not time out", () => {
  test("at 240 bytes a second", () => {
    expect(secondsOf(() => 240)).toBe(Infinity);
  });

  test("with the same average in bursts every 15 seconds", () => {
    expect(secondsOf((second) => (second % 15 === 0 ? 15 * 240 : 0))).toBe(Infinity);
  });

  test("at any rate if there is no limit", () => {
    expect(secondsOf(() => 0, { limits: { bodyRate: 0, bodyGrace: 20_000 } })).toBe(Infinity);
  });

  test("if it is never slower than the limit", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 240, max: 5_000 }), { minLength: 1, maxLength: 50 }), (rates) => {
        expect(secondsOf((second) => rates[second % rates.length]!)).toBe(Infinity);
      }),
      { numRuns: 20 },
    );
  });
});

test("each body has its own grace period", () => {
  const pace = new BodyPace(LIMITS);
  pace.begin(0);
  for (let second = 0; second < 19; second++) pace.waited(1_000, 0);
  pace.begin(0);
  expect(pace.waited(1_000, 0)).toBe(true);
});
