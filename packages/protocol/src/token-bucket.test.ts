import { expect, test } from "vitest";
import { TokenBucket } from "./token-bucket.js";

/** How many of `times` are accepted. */
const accepted = (bucket: TokenBucket, times: number, now: number): number =>
  Array.from({ length: times }, () => bucket.take(now)).filter(Boolean).length;

test("a burst is accepted at once, then the rate, and never more than a burst", () => {
  const bucket = new TokenBucket(10, 5, 0);
  expect(accepted(bucket, 100, 0)).toBe(10);
  expect(accepted(bucket, 100, 199)).toBe(0);
  expect(accepted(bucket, 100, 1_000)).toBe(5);
  expect(accepted(bucket, 100, 3_600_000)).toBe(10);
});

test("the bucket is full again after the time that a burst takes at the rate", () => {
  const bucket = new TokenBucket(10, 5, 0);
  accepted(bucket, 10, 0);
  expect([bucket.isFull(1_999), bucket.isFull(2_000)]).toEqual([false, true]);
});
