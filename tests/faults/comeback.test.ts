import { expect, onTestFinished, test } from "vitest";
import { comeback } from "./comeback.ts";
import { finding, isFull, sized } from "./size.ts";

/** The maximum ratio of attempts in the busiest second to the mean. */
const PEAK = 3;

test("clients at one address that all lose their connections reconnect within 30 seconds, spread over time", async (context) => {
  const count = sized(1_000, 200);
  const { time, attempts, longestBefore, longestAfter } = await comeback(onTestFinished, count);
  const mean = attempts.reduce((sum, each) => sum + each, 0) / attempts.length;
  const peak = Math.max(...attempts) / mean;
  finding(
    context,
    `${count} clients were connected after ${(time / 1_000).toFixed(1)} s; attempts per second ${attempts.join(", ")}; the peak is ${peak.toFixed(1)} times the mean`,
  );
  finding(
    context,
    `a visitor of another tunnel waited at most ${Math.ceil(longestBefore)} ms before and ${Math.ceil(longestAfter)} ms during the reconnection`,
  );
  // The duration is meaningless while other tests run.
  if (isFull) {
    expect(time).toBeLessThan(30_000);
    expect(peak).toBeLessThan(PEAK);
  }
});
