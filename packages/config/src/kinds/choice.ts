import type { Kind, Reading } from "./kind.js";
import { nearest } from "./nearest.js";

/** One of a few words. Case, `_` and `-` do not matter: older files contain `RoundRobin` for `round_robin`. */
export function choice<const T extends string>(words: readonly T[]): Kind<T> {
  const list = words.map((word) => `"${word}"`).join(", ");
  const kind: Kind<T> = {
    name: list.replaceAll('"', "`"),
    allowed: `one of ${list}`,
    schema: { anyOf: [{ enum: words }, { type: "string", pattern: `^(${words.map(anyCase).join("|")})$|\\$\\{` }] },
    read: (value) => (typeof value === "string" ? kind.readText(value) : { fault: `must be ${kind.allowed}` }),
    readText(text): Reading<T> {
      const given = text.trim().toLowerCase();
      const value = words.find((word) => letters(word) === letters(given));
      if (value !== undefined) return { value };
      const close = nearest(given, words);
      return { fault: `must be ${kind.allowed}${close === undefined ? "" : `. Did you mean "${close}"?`}` };
    },
    show: (value) => JSON.stringify(value),
  };
  return kind;
}

function letters(word: string): string {
  return word.toLowerCase().replace(/[_-]/g, "");
}

/** A pattern for all spellings of a word: JSON Schema has no flag for case. */
function anyCase(word: string): string {
  return word.replaceAll("_", "[_-]?").replace(/[a-z]/g, (letter) => `[${letter}${letter.toUpperCase()}]`);
}
