import fc from "fast-check";
import { expect, test } from "vitest";
import { ResponseTimes } from "./response-times.js";

test("without requests there is no average", () => {
  const times = new ResponseTimes();
  expect(times.average).toBeUndefined();
  expect(times.report()).toMatchObject({ count: 0, sum_ms: 0, p50_ms: null, p99_ms: null });
});

test("a duration on a bound belongs to the lower bucket; the last bucket holds the longest", () => {
  const times = new ResponseTimes();
  for (const time of [1, 1.1, 30_000, 30_001, 1e9]) times.add(time);
  const { counts, count, p99_ms: p99 } = times.report();
  expect([counts[0], counts[1], counts.at(-2), counts.at(-1), count]).toEqual([1, 1, 1, 2, 5]);
  expect(p99).toBe(30_000);
});

test("every request is counted, and estimates lie in the bucket of the true value", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 30_000, noNaN: true }), { minLength: 1 }), (given) => {
      const times = new ResponseTimes();
      for (const time of given) times.add(time);
      const { bounds_ms: bounds, counts, count, p50_ms: p50, p95_ms: p95, p99_ms: p99 } = times.report();
      expect(count).toBe(given.length);
      expect(counts.reduce((sum, each) => sum + each, 0)).toBe(count);
      expect(p50).toBeLessThanOrEqual(p95 as number);
      expect(p95).toBeLessThanOrEqual(p99 as number);
      expect(p99).toBeLessThanOrEqual(Math.max(...given) + 0.05);
      expect(p50).toBeGreaterThanOrEqual(Math.min(...given) - 0.05);
      const median = given.toSorted((one, other) => one - other)[Math.ceil(0.5 * count) - 1] as number;
      const bucket = bounds.findIndex((bound) => median <= bound);
      // Rounded to a tenth.
      expect(p50).toBeGreaterThanOrEqual((bounds[bucket - 1] ?? 0) - 0.05);
      expect(p50).toBeLessThanOrEqual((bounds[bucket] as number) + 0.05);
    }),
  );
});
