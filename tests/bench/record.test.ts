import { expect, test } from "vitest";
import { merge } from "../../bench/record.ts";
import { line, type Line } from "../../bench/row.ts";

function lines(row: string, ...measures: string[]): Line[] {
  return measures.map((measure) => line({ row, measure }));
}

test("rows of a later run replace the same rows of an earlier one, in their place", () => {
  const complete = {
    conditions: "5 rounds.",
    lines: [...lines("start", "time"), ...lines("upload", "failed"), ...lines("heads", "small", "large")],
  };
  const repeated = { conditions: "3 rounds.", lines: [...lines("upload", "rate", "p99"), ...lines("heads", "medium")] };
  const { conditions, lines: merged } = merge([complete, repeated]);
  expect(merged.map(({ measure }) => measure)).toEqual(["time", "rate", "p99", "medium"]);
  expect(conditions).toBe("5 rounds.\n\nupload, heads: 3 rounds.");
});
