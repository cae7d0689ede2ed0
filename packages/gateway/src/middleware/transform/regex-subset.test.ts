import fc from "fast-check";
import { expect, test } from "vitest";
import { REGEX_FLAGS, regexFlaw } from "./regex-subset.js";

test.each([
  "abc",
  "a+b*c?",
  "(a|b)c+",
  "(abc)+",
  "(?:abc){2,3}x",
  "(?<year>[0-9]{4})-(?<month>[0-9]{2})",
  "[(+)*]+",
  "[\\]()]{2}",
  "\\(a+\\)*",
  "\\p{L}+\\u{1F600}?",
  "^\\d+$",
  "a+?b{2,}?",
  "((a))b*",
  "\\\\+",
])("%s is accepted", (pattern) => {
  expect(regexFlaw(pattern)).toBeUndefined();
});

test.each([
  ["(a)\\1", "backreference"],
  ["(?<n>a)\\k<n>", "backreference"],
  ["a(?=b)", "lookahead"],
  ["a(?!b)", "lookahead"],
  ["(?<=a)b", "lookbehind"],
  ["(?<!a)b", "lookbehind"],
  ["(a+)+", "quantifier"],
  ["(a*)*", "quantifier"],
  ["(?:a?)*b", "quantifier"],
  ["((a+)b)*", "quantifier"],
  ["(?<n>x{2}){3}", "quantifier"],
  ["((a)+)?", "quantifier"],
  ["(a", "not a valid"],
  ["a{", "not a valid"],
  ["[b-a]", "not a valid"],
])("%s is refused: %s", (pattern, reason) => {
  expect(regexFlaw(pattern)).toContain(reason);
});

/** An expression as a tree. */
type Part =
  | { kind: "text"; text: string }
  | { kind: "group"; lead: string; parts: readonly Part[]; quantifier: string }
  | { kind: "item"; text: string; quantifier: string };

const texts = fc.constantFrom("a", "\\(", "\\)", "[(*)]", "[^\\]+]", "\\+", "\\p{Lu}", ".", "\\d", "b|c", "😀", "\\\\");
const quantifiers = fc.constantFrom("", "", "", "*", "+", "?", "{2}", "{1,3}", "{2,}", "*?", "+?");
const { parts } = fc.letrec<{ part: Part; parts: Part[] }>((tie) => ({
  part: fc.oneof(
    { maxDepth: 4 },
    texts.map((text): Part => ({ kind: "text", text })),
    fc.record({
      kind: fc.constant("item" as const),
      text: fc.constantFrom("a", "[*]", "\\(", "."),
      quantifier: quantifiers,
    }),
    fc.record({
      kind: fc.constant("group" as const),
      lead: fc.constantFrom("(", "(?:", "(?i:"),
      parts: tie("parts"),
      quantifier: quantifiers,
    }),
  ),
  parts: fc.array(tie("part"), { maxLength: 4 }),
}));

function written(all: readonly Part[]): string {
  const one = (part: Part): string => {
    if (part.kind === "text") return part.text;
    return (part.kind === "item" ? part.text : `${part.lead}${written(part.parts)})`) + part.quantifier;
  };
  return all.map(one).join("");
}

const hasQuantifier = (part: Part): boolean =>
  part.kind !== "text" && (part.quantifier !== "" || (part.kind === "group" && part.parts.some(hasQuantifier)));
const isNested = (part: Part): boolean =>
  part.kind === "group" && ((part.quantifier !== "" && part.parts.some(hasQuantifier)) || part.parts.some(isNested));

test("exactly the expressions are refused in which a quantified group holds a quantifier", () => {
  fc.assert(
    fc.property(parts, (all) => {
      const pattern = written(all);
      void new RegExp(pattern, REGEX_FLAGS);
      expect(regexFlaw(pattern) !== undefined, pattern).toBe(all.some(isNested));
    }),
    { numRuns: 3_000 },
  );
});
