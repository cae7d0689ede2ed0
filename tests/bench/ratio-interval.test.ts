import { expect, test } from "vitest";
import { ratioInterval, trimmedRanks } from "../../bench/measure/ratio-interval.ts";

// Ranks from the tables of the sign test, which count from 1. With 20 values, the interval is from the 6th to the 15th.
test.for([
  [6, 1],
  [8, 1],
  [9, 2],
  [20, 6],
  [24, 7],
  [40, 14],
  [72, 28],
])("of %i values, the interval begins at the %ith smallest", ([count, rank]) => {
  expect(trimmedRanks(count!, 0.95)).toBe(rank! - 1);
});

test.for([1, 2, 5])("%i values are too few: the interval is their whole range", (count) => {
  expect(trimmedRanks(count, 0.95)).toBe(0);
});

test("compares the values of the same round, so that differences between rounds have no effect", () => {
  const reference = Array.from({ length: 20 }, (_, round) => 10 * (round + 1));
  const measured = reference.map((value, round) => value * (1 + round / 100));
  const interval = ratioInterval(measured, reference);
  expect(interval.median).toBeCloseTo(1.095);
  expect(interval.low).toBeCloseTo(1.05);
  expect(interval.high).toBeCloseTo(1.14);
});

test("one outlier does not move the interval", () => {
  const reference = Array.from({ length: 20 }, () => 1);
  const measured = reference.map((value, round) => (round === 7 ? 50 : value));
  expect(ratioInterval(measured, reference)).toEqual({ median: 1, low: 1, high: 1 });
});

test("rounds with only one value are refused", () => {
  expect(() => ratioInterval([1, 2], [1])).toThrow("both values");
});
