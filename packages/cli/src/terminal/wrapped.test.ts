import picocolors from "picocolors";
import { expect, test } from "vitest";
import { wrapped } from "./wrapped.js";

test("a text is broken between words, and later lines are indented", () => {
  expect(wrapped("one two three four", 9)).toBe("one two\nthree\nfour");
  expect(wrapped("12:00:00  one two three", 18, "          ")).toBe("12:00:00  one two\n          three");
});

test("a text that fits, and one for no terminal, stay as they are", () => {
  expect(wrapped("one two", 7)).toBe("one two");
  expect(wrapped("one two", undefined)).toBe("one two");
});

test("a long word stays whole", () => {
  expect(wrapped("see https://tunnel.example.com/a now", 10, "  ")).toBe("see\n  https://tunnel.example.com/a\n  now");
});

test("colours have no width", () => {
  const { red } = picocolors.createColors(true);
  expect(wrapped(`${red("one")} two three`, 7)).toBe(`${red("one")} two\nthree`);
});
