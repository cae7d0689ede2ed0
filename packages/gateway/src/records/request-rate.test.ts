import { expect, test } from "vitest";
import { RequestRate } from "./request-rate.js";

test("is the average of the last ten seconds, at any moment of a second", () => {
  const rate = new RequestRate();
  expect(rate.perSecond(500)).toBe(0);
  for (let now = 0; now < 60_000; now += 25) {
    rate.count(now);
    if (now > 10_000) expect(rate.perSecond(now)).toBeCloseTo(40, 0);
  }
  expect(rate.perSecond(65_000)).toBeCloseTo(20, -1);
  expect(rate.perSecond(70_000)).toBe(0);
});
