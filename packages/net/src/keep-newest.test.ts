import { expect, test } from "vitest";
import { keepNewest } from "./keep-newest.js";

test("the entries that were added last stay, in their order", () => {
  const map = new Map([1, 2, 3, 4].map((n) => [n, String(n)]));
  keepNewest(map, 4);
  expect([...map.keys()]).toEqual([1, 2, 3, 4]);
  map.delete(1);
  map.set(1, "again");
  keepNewest(map, 2);
  expect([...map.keys()]).toEqual([4, 1]);
  keepNewest(map, 0);
  expect(map.size).toBe(0);
});
