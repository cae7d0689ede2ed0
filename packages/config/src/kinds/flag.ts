import { notAllowed, type Kind, type Reading } from "./kind.js";

const WORDS: ReadonlyMap<string, boolean> = new Map([
  ["true", true],
  ["yes", true],
  ["on", true],
  ["1", true],
  ["false", false],
  ["no", false],
  ["off", false],
  ["0", false],
]);

/** A boolean. Text may also be yes, no, on, off, 1 or 0. */
export function flag(): Kind<boolean> {
  const kind: Kind<boolean> = {
    name: "true or false",
    allowed: "true or false",
    schema: { anyOf: [{ type: "boolean" }, { type: "string", pattern: "\\$\\{" }] },
    read: (value) => (typeof value === "boolean" ? { value } : notAllowed(kind)),
    readText(text): Reading<boolean> {
      const value = WORDS.get(text.trim().toLowerCase());
      return value === undefined ? notAllowed(kind) : { value };
    },
    show: String,
  };
  return kind;
}
