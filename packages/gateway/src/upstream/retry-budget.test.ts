import { describe, expect, test } from "vitest";
import { RetryBudget } from "./retry-budget.js";

/** Counts the retries that are allowed if all requests of `seconds` seconds fail. */
function retries(budget: RetryBudget, rate: number, seconds: number, from = 1_000_000): number {
  let allowed = 0;
  for (let n = 0; n < rate * seconds; n++) {
    const now = from + (n * 1_000) / rate;
    budget.onRequest(now);
    if (budget.take(now)) allowed++;
  }
  return allowed;
}

describe("a retry budget", () => {
  test("allows a fifth of the requests of a busy pool", () => {
    const budget = new RetryBudget();
    expect(retries(budget, 1_000, 30)).toBeLessThanOrEqual(6_000);
    expect(retries(budget, 1_000, 30, 2_000_000)).toBeGreaterThan(5_500);
  });

  test("allows 3 retries a second at least, averaged over 10 seconds", () => {
    expect(retries(new RetryBudget(), 10, 100)).toBe(300);
    const budget = new RetryBudget();
    const burst = Array.from({ length: 40 }, () => budget.take(5_000_000));
    expect(burst.filter((each) => each)).toHaveLength(30);
    expect([budget.take(5_009_999), budget.take(5_010_000)]).toEqual([false, true]);
  });

  test("allows a burst after a time without failures", () => {
    const budget = new RetryBudget();
    for (let n = 0; n < 2_000; n++) budget.onRequest(n * 5);
    expect(Array.from({ length: 500 }, () => budget.take(9_999)).filter((each) => each)).toHaveLength(400);
  });
});
