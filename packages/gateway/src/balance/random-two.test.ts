import { describe, expect, test } from "vitest";
import { candidate, counts, describeBalance, fixedRandom } from "./balance.suite.js";
import { RandomTwo } from "./random-two.js";

describe("random of two", () => {
  describeBalance(() => new RandomTwo(fixedRandom()));

  test("never picks the candidate with the most requests in progress", () => {
    const all = [candidate("a", { inUse: 9 }), ...["b", "c"].map((name) => candidate(name, { inUse: 1 }))];
    const [busy, ...others] = counts(new RandomTwo(fixedRandom()), all, 1_000);
    expect(busy).toBe(0);
    for (const each of others) expect(each).toBeGreaterThan(300);
  });
});
