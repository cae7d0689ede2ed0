import { expect, test } from "vitest";
import { RepairCounts } from "./repair-counts.js";

test("each kind of repair is new once, and counted every time", () => {
  const counts = new RepairCounts();
  expect([counts.takeNew(), counts.totals]).toEqual([[], undefined]);
  counts.add(["bare_lf"]);
  counts.add(["bare_lf", "folded_field"]);
  expect([counts.takeNew(), counts.takeNew()]).toEqual([["bare_lf", "folded_field"], []]);
  for (let n = 0; n < 1_000; n++) counts.add(["bare_lf"]);
  expect(counts.takeNew()).toEqual([]);
  counts.add(["control_byte"]);
  expect(counts.takeNew()).toEqual(["control_byte"]);
  expect(counts.totals).toEqual({ bare_lf: 1_002, folded_field: 1, control_byte: 1 });
});
