import { expect, onTestFinished, test } from "vitest";
import { comeback } from "../comeback.ts";

test("a thousand clients of one address that lose their connections at once are back within 30 seconds, in order and without a peak", async () => {
  const { time, attempts, longestBefore, longestAfter } = await comeback(onTestFinished, 1_000);
  const mean = attempts.reduce((sum, each) => sum + each, 0) / attempts.length;
  console.log({ time, attempts, peak: Math.max(...attempts) / mean, longestBefore, longestAfter });
  expect(time).toBeLessThan(30_000);
  expect(Math.max(...attempts) / mean).toBeLessThan(3);
});
