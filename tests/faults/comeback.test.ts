import { expect, onTestFinished, test } from "vitest";
import { comeback } from "./comeback.ts";
import { finding, isFull, sized } from "./size.ts";

/** The busiest second may have this multiple of the mean. */
const PEAK = 3;

test("clients of one address that lose their connections at once return within 30 seconds, without a peak", async (context) => {
  const count = sized(1_000, 200);
  const { time, attempts, longestBefore, longestAfter } = await comeback(onTestFinished, count);
  const mean = attempts.reduce((sum, each) => sum + each, 0) / attempts.length;
  const peak = Math.max(...attempts) / mean;
  finding(
    context,
    `${count} clients were back after ${(time / 1_000).toFixed(1)} s; attempts per second ${attempts.join(", ")}: the most is ${peak.toFixed(1)} times the mean`,
  );
  finding(
    context,
    `a visitor of the tunnel beside waited ${Math.ceil(longestBefore)} ms at most before, ${Math.ceil(longestAfter)} ms while they came back`,
  );
  // The duration means little while other tests run.
  if (isFull) {
    expect(time).toBeLessThan(30_000);
    expect(peak).toBeLessThan(PEAK);
  }
});
