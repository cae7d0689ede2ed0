import fc from "fast-check";
import { expect, test } from "vitest";
import { RequestRate } from "./request-rate.js";

const START = 1_700_000_000_000;

test("requests count for one minute", () => {
  const rate = new RequestRate();
  expect(rate.last(60, START)).toBe(0);
  rate.add(2, START);
  rate.add(3, START + 30_000);
  expect(rate.last(60, START + 30_000)).toBe(5);
  expect(rate.last(5, START + 30_000)).toBe(3);
  expect(rate.last(60, START + 61_000)).toBe(3);
  expect(rate.last(60, START + 3_600_000)).toBe(0);
});

test("the rate equals that of a list of all requests", () => {
  const step = fc.record({ pause: fc.nat({ max: 40_000 }), requests: fc.nat({ max: 9 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.integer({ min: 1, max: 60 }), (steps, seconds) => {
      const rate = new RequestRate();
      const all: [second: number, requests: number][] = [];
      let now = START;
      for (const { pause, requests } of steps) {
        now += pause;
        rate.add(requests, now);
        all.push([Math.floor(now / 1_000), requests]);
      }
      const present = Math.floor(now / 1_000);
      const expected = all.filter(([second]) => second > present - seconds).reduce((sum, [, count]) => sum + count, 0);
      expect(rate.last(seconds, now)).toBe(expected);
    }),
  );
});

test("after the clock was set back, old requests do not count forever", () => {
  const rate = new RequestRate();
  rate.add(5, START);
  rate.add(1, START - 3_600_000);
  expect(rate.last(60, START - 3_600_000)).toBe(1);
  rate.add(1, START - 3_601_000);
  expect(rate.last(60, START - 3_600_000)).toBe(2);
});
