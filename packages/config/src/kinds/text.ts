import { notAllowed, type Kind, type Reading } from "./kind.js";

export interface TextRules {
  /** Name of the value in messages and documentation. Default: `text`. */
  what?: string;
  /** Pattern that the whole text must match. */
  pattern?: RegExp;
  /** Check in addition to the pattern. */
  valid?: (text: string) => boolean;
  example?: string;
  /** Whether it may have several lines, and tabs. Default: one line. */
  hasLines?: boolean;
}

const LONGEST = 4_096;
const LONGEST_WITH_LINES = 65_536;
// eslint-disable-next-line no-control-regex
const CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/;
// eslint-disable-next-line no-control-regex
const LINE_CONTROL = /[\0-\x1f\x7f]/;

/** Text, by default one line. */
export function text({ what = "text", pattern, valid, example, hasLines = false }: TextRules = {}): Kind<string> {
  const longest = hasLines ? LONGEST_WITH_LINES : LONGEST;
  const kind: Kind<string> = {
    name: what,
    allowed: example === undefined ? `${article(what)}${what}` : `${article(what)}${what}, for instance "${example}"`,
    schema: { type: "string", ...(pattern === undefined ? {} : { pattern: orReference(pattern) }) },
    read: (value) => (typeof value === "string" ? kind.readText(value) : notAllowed(kind)),
    readText(given): Reading<string> {
      if (hasLines && CONTROL.test(given)) return { fault: "must not contain control characters" };
      if (!hasLines && LINE_CONTROL.test(given)) return { fault: "must not contain line breaks or control characters" };
      if (given.length > longest) return { fault: `must have at most ${longest} characters` };
      if (pattern?.test(given) === false || valid?.(given) === false) return notAllowed(kind);
      return { value: given };
    },
    show: (value) => JSON.stringify(value),
  };
  return kind;
}

function article(what: string): string {
  if (what === "text") return "";
  return /^[aei]/i.test(what) ? "an " : "a ";
}

/** Pattern for editors: in a file, a text may also be a reference to a variable. */
export function orReference(pattern: RegExp): string {
  return `^(?:${pattern.source.replace(/^\^|\$$/g, "")})$|\\$\\{`;
}
