import { notAllowed, type Kind, type Reading } from "./kind.js";

export interface TextRules {
  /** Name of the value in messages and documentation. Default: `text`. */
  what?: string;
  /** Pattern that the whole text must match. */
  pattern?: RegExp;
  /** Check in addition to the pattern. */
  valid?: (text: string) => boolean;
  example?: string;
}

const LONGEST = 4_096;

/** One line of text. */
export function text({ what = "text", pattern, valid, example }: TextRules = {}): Kind<string> {
  const kind: Kind<string> = {
    name: what,
    allowed: example === undefined ? `${article(what)}${what}` : `${article(what)}${what}, for instance "${example}"`,
    schema: { type: "string", ...(pattern === undefined ? {} : { pattern: orReference(pattern) }) },
    read: (value) => (typeof value === "string" ? kind.readText(value) : notAllowed(kind)),
    readText(given): Reading<string> {
      // eslint-disable-next-line no-control-regex
      if (/[\0-\x1f\x7f]/.test(given)) return { fault: "must not contain line breaks or control characters" };
      if (given.length > LONGEST) return { fault: `must have at most ${LONGEST} characters` };
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
