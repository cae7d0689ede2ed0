import { expect, test } from "vitest";
import { editedValue, joinedEdits } from "./field-edits.js";
import type { FieldEdits } from "./step.js";

const one: FieldEdits = {
  names: ["a", "b"],
  lines: "A: 1\r\nB: 1\r\n",
  responseNames: ["x"],
  responseLines: "X: 1\r\nSet-Cookie: 1\r\n",
};

test("what a later step says of a field replaces what an earlier one says, in both directions", () => {
  const other: FieldEdits = { names: ["b"], lines: "B: 2\r\n", responseNames: ["x"], responseLines: "X: 2\r\n" };
  expect(joinedEdits(one, other)).toEqual({
    names: ["a", "b", "b"],
    lines: "A: 1\r\nB: 2\r\n",
    responseNames: ["x", "x"],
    responseLines: "Set-Cookie: 1\r\nX: 2\r\n",
    refusalFields: undefined,
  });
});

test("lines that are only added remain beside each other", () => {
  const cookie: FieldEdits = { names: [], lines: "", responseLines: "Set-Cookie: 2\r\n" };
  expect(joinedEdits(one, cookie).responseLines).toBe("X: 1\r\nSet-Cookie: 1\r\nSet-Cookie: 2\r\n");
  expect(joinedEdits(cookie, one)).toMatchObject({ lines: one.lines, names: one.names });
});

test("the value of a field is that of the last step that changes it", () => {
  expect(editedValue([one, { names: ["b"], lines: "" }], "b")).toBe("");
  expect(editedValue([one], "a")).toBe("1");
  expect(editedValue([one], "c")).toBe(undefined);
});
