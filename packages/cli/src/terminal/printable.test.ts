import fc from "fast-check";
import { expect, test } from "vitest";
import { printable, printableAscii, truncated } from "./printable.js";

test.for([
  ["\x1b[31mred", "\\x1b[31mred"],
  ["a\r\nb\tc", "a\\x0d\\x0ab\\x09c"],
  ["\x9b2J", "\\x9b2J"],
  ["abc\u202edef", "abc\\u{202e}def"],
  ["zero\u200bwidth", "zero\\u{200b}width"],
  ["line\u2028break", "line\\u{2028}break"],
  ["\ud800 alone", "\\u{d800} alone"],
  ["Grüße, 世界 😀", "Grüße, 世界 😀"],
] as const)("%j becomes %s", ([text, shown]) => {
  expect(printable(text)).toBe(shown);
});

test("printableAscii keeps only ASCII", () => {
  expect(printableAscii("/é/世/😀/\x7f")).toBe("/\\xe9/\\u{4e16}/\\u{1f600}/\\x7f");
});

test("no text passes a control character through", () => {
  const text = fc.string({ unit: "binary", maxLength: 64 });
  fc.assert(fc.property(text, (given) => !/[\p{C}\u2028\u2029]/u.test(printable(given))));
  fc.assert(fc.property(text, (given) => /^[\x20-\x7e]*$/.test(printableAscii(given))));
});

test("a cut text has the given width and ends in an ellipsis", () => {
  expect(truncated("abcdef", 6)).toBe("abcdef");
  expect(truncated("abcdef", 5)).toBe("abcd…");
  expect(truncated("abcdef", 1)).toBe("…");
  expect(truncated("abcdef", 0)).toBe("");
});
