import fc from "fast-check";

/** A JSON text as a tree, with every byte of it. */
export type JsonText =
  | { readonly kind: "scalar"; readonly raw: string }
  | { readonly kind: "array"; readonly elements: readonly Element[]; readonly blank: string }
  | { readonly kind: "object"; readonly members: readonly Member[]; readonly blank: string };

interface Element {
  readonly before: string;
  readonly value: JsonText;
  readonly after: string;
}

interface Member extends Element {
  /** With its quotation marks. */
  readonly name: string;
  readonly colon: string;
}

/** Names that tests change, and others. */
const NAMES = ["a", "b", "secret", "käse", "😀", "other", "", "seven\\"];

const space = fc.string({ unit: fc.constantFrom(" ", "\n", "\r", "\t"), maxLength: 2 });

/** A character of a string in one of the ways in which it can be written. */
function written(letter: string, choice: number): string {
  const plain = JSON.stringify(letter).slice(1, -1);
  if (choice === 0) return plain;
  const escape = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  const escaped = Array.from({ length: letter.length }, (_, n) => escape(letter[n]!)).join("");
  return choice === 1 ? escaped : escaped.toUpperCase().replaceAll("\\U", "\\u");
}

const choices = fc.array(fc.nat({ max: 2 }), { minLength: 8, maxLength: 8 });
const name = fc.tuple(fc.constantFrom(...NAMES), choices, fc.boolean()).map(
  ([text, ways, isPlain]) =>
    `"${Array.from(text)
      .map((letter, n) => written(letter, isPlain ? 0 : ways[n % 8]!))
      .join("")}"`,
);

const scalar = fc.oneof(
  fc.constantFrom(
    "0",
    "-0",
    "1e5",
    "-1.50E+10",
    "12345678901234567890",
    "0.1000",
    "true",
    "false",
    "null",
    '""',
    '"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\uD83D\\ude00"',
    '"a\\": {"',
    '"[,]"',
  ),
  fc.string({ unit: "grapheme", maxLength: 12 }).map((text) => JSON.stringify(text)),
);

export const jsonTexts: fc.Arbitrary<JsonText> = fc.letrec<{ text: JsonText }>((tie) => ({
  text: fc.oneof(
    { maxDepth: 5, depthSize: "medium" },
    scalar.map((raw): JsonText => ({ kind: "scalar", raw })),
    fc
      .tuple(fc.array(fc.record({ before: space, value: tie("text"), after: space }), { maxLength: 4 }), space)
      .map(([elements, blank]): JsonText => ({ kind: "array", elements, blank })),
    fc
      .tuple(
        fc.array(
          fc.record({
            before: space,
            name,
            colon: fc.tuple(space, space).map(([a, b]) => `${a}:${b}`),
            value: tie("text"),
            after: space,
          }),
          {
            maxLength: 5,
          },
        ),
        space,
      )
      .map(([members, blank]): JsonText => ({ kind: "object", members, blank })),
  ),
})).text;

/** The bytes of a text. */
export function textOf(text: JsonText): string {
  return changedText(text, {}, []);
}

/**
 * What an editor makes of a text, naively: the whole tree is in memory. White space before a member, and after the one
 * before it, goes with the member.
 */
export function changedText(
  text: JsonText,
  add: Readonly<Record<string, unknown>>,
  remove: readonly string[],
  isOutermost = true,
): string {
  if (text.kind === "scalar") return text.raw;
  const inner = (value: JsonText): string => changedText(value, add, remove, false);
  if (text.kind === "array") {
    const { elements, blank } = text;
    if (elements.length === 0) return `[${blank}]`;
    return `[${elements.map(({ before, value, after }) => before + inner(value) + after).join(",")}]`;
  }
  const { members, blank } = text;
  const added = isOutermost ? Object.entries(add) : [];
  const seen = new Set<string>();
  let result = "{";
  let isFirst = true;
  for (const [n, member] of members.entries()) {
    const known = JSON.parse(member.name) as string;
    const replaced = added.find(([each]) => each === known);
    const isDropped = replaced === undefined ? remove.includes(known) : seen.has(known);
    if (isDropped) continue;
    const lead = n === 0 ? "" : members[n - 1]!.after + (isFirst ? "" : ",");
    isFirst = false;
    seen.add(known);
    const value = replaced === undefined ? inner(member.value) : JSON.stringify(replaced[1]);
    result += lead + member.before + member.name + member.colon + value;
  }
  for (const [known, value] of added) {
    if (seen.has(known)) continue;
    result += `${isFirst ? "" : ","}${JSON.stringify(known)}:${JSON.stringify(value)}`;
    isFirst = false;
  }
  return `${result}${members.at(-1)?.after ?? blank}}`;
}
