import { describe, expect, test } from "vitest";
import { candidate, describeBalance, picks } from "./balance.suite.js";
import { SmoothWeighted } from "./smooth-weighted.js";

describe("smooth weighted", () => {
  describeBalance(() => new SmoothWeighted(), { weighs: true });

  test("spreads the turns of a candidate evenly", () => {
    const candidates = [candidate("a", { weight: 4 }), candidate("b", { weight: 2 }), candidate("c")];
    const picked = picks(new SmoothWeighted(), candidates, 700);
    for (let n = 0; n < picked.length; n += 7) {
      const round = picked.slice(n, n + 7);
      expect(["a", "b", "c"].map((name) => round.filter((each) => each === name).length)).toEqual([4, 2, 1]);
    }
    expect(picked.join("")).not.toMatch(/aaa|bb|cc/);
  });

  test("gives a candidate that was unavailable no more than its share when it is back", () => {
    const balance = new SmoothWeighted();
    const away = { ...candidate("a"), available: false };
    const all = [away, candidate("b"), candidate("c")];
    expect(picks(balance, all, 300)).not.toContain("a");
    away.available = true;
    expect(picks(balance, all, 30).filter((name) => name === "a").length).toBeLessThanOrEqual(11);
  });

  test("gives the rest their shares while the heaviest candidate is unavailable", () => {
    const all = [
      candidate("a", { weight: 65_535, available: false }),
      candidate("b", { weight: 2 }),
      candidate("c", { weight: 1 }),
    ];
    const picked = picks(new SmoothWeighted(), all, 300);
    expect(picked.filter((name) => name === "b").length).toBeGreaterThan(195);
    expect(picked.filter((name) => name === "c").length).toBeGreaterThan(95);
  });
});
