import { expect, test } from "vitest";
import { hashOf } from "../../hash.js";
import { SeenPaths } from "./seen-paths.js";

test("a path is seen again, and counted up to three times", () => {
  const seen = new SeenPaths();
  expect([1, 2, 3, 4, 5].map(() => seen.see(hashOf("/a", 1)))).toEqual([0, 1, 2, 3, 3]);
  expect(seen.see(hashOf("/b", 1))).toBe(0);
  expect(seen.see(hashOf("/a", 2))).toBe(0);
});

test("paths with hashes that differ little are not taken for each other", () => {
  const seen = new SeenPaths(4);
  for (let hash = 0; hash < 64; hash++) expect(seen.see(hash << 2)).toBe(0);
});

test("paths that are wanted now and then are seen among many that are wanted once, and those are forgotten", () => {
  const seen = new SeenPaths(1_024);
  const often = Array.from({ length: 20 }, (_, n) => hashOf(`/often/${n}`, 7));
  let known = 0;
  let others = 0;
  for (let n = 0; n < 20_000; n++) {
    if (seen.see(hashOf(`/once/${n}`, 7)) > 0) others++;
    if (n % 10 === 0 && seen.see(often[(n / 10) % 20]!) > 0) known++;
  }
  // Each of the 20 comes back after 220 others: the chance that none of them took its place is 0.8.
  expect(known).toBeGreaterThan(2_000 * 0.7);
  expect(others).toBeLessThan(20);
  // All files of a large folder in turn.
  const again = Array.from({ length: 20_000 }, (_, n) => seen.see(hashOf(`/once/${n}`, 7)));
  expect(again.filter(Boolean).length).toBeLessThan(20);
});
