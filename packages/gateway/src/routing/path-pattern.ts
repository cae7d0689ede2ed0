import { percentDecoded } from "../http/latin1.js";

/** The path of a route, in canonical form. */
export interface PathPattern {
  /** The path, or the prefix without its `/*`: as requests contain it. Empty for `/*`. */
  readonly text: string;
  readonly isPrefix: boolean;
}

const ENCODED = /%[0-9a-f]{2}/gi;
/** Characters that browsers percent-encode in a path, and those that HTTP does not allow (URL standard, 1.3). */
const UNSAFE = /[^!$-;=@-[\]_a-z|~]/u;
const UNSAFE_ALL = new RegExp(UNSAFE, "gu");

/**
 * Reads the path of a route: `/exact`, `/prefix/*` or `/*`.
 * @throws RangeError if it is none of them, or if no request can match it.
 */
export function parsePathPattern(path: string): PathPattern {
  if (!path.startsWith("/")) throw fault(path, "must begin with /");
  const isPrefix = path.endsWith("/*");
  const named = isPrefix ? path.slice(0, -2) : path;
  if (named.includes("*")) throw fault(path, "may have a * only at its end, after a slash, as in /api/*");
  if (/[?#]/.test(named)) throw fault(path, "cannot have a query or fragment: use `query` for parameters");
  if (/%(?![0-9a-f]{2})/i.test(named)) throw fault(path, "has a % that does not begin an escape such as %20");
  const text = named
    .replace(UNSAFE_ALL, (sign) => (sign === "%" ? sign : encodeURIComponent(sign)))
    .replace(ENCODED, canonicalEscape);
  if (/%(?:[01]|7F|25|2F|5C|2E|3B)/.test(text) || /[;\\]|\/\/|\/\.{1,2}(?:\/|$)/.test(isPrefix ? `${text}/` : text)) {
    throw fault(
      path,
      "cannot match a request: it has a part that servers read in different ways (.., //, ;, \\, %2F …)",
    );
  }
  return { text, isPrefix };
}

/** The pattern as a route writes it. */
export function patternText({ text, isPrefix }: PathPattern): string {
  return isPrefix ? `${text}/*` : text;
}

/**
 * The forms in which a request can contain the pattern's text: with hexadecimal digits in upper and in lower case. They
 * have the same length.
 */
export function requestForms({ text }: PathPattern): string[] {
  const lower = text.replace(ENCODED, (escape) => escape.toLowerCase());
  return lower === text ? [text] : [text, lower];
}

/** Whether a path, as requests contain it, is one of the pattern's. */
export function matchesPath(pattern: PathPattern, path: string): boolean {
  return requestForms(pattern).some((text) => {
    if (!pattern.isPrefix) return path === text;
    // `/*` also matches the target `*`.
    return text === "" || path === text || path.startsWith(`${text}/`);
  });
}

/** Whether every path of `inner` is a path of `outer`. */
export function coversPath(outer: PathPattern, inner: PathPattern): boolean {
  if (!outer.isPrefix) return !inner.isPrefix && inner.text === outer.text;
  return inner.text === outer.text || inner.text.startsWith(`${outer.text}/`);
}

/** The forms that the pattern's text has in readings of a path: those of requests, and the decoded one, as bytes. */
export function readingForms(pattern: PathPattern): string[] {
  const { text } = pattern;
  const decoded = percentDecoded(text);
  return decoded === text ? [text] : [...requestForms(pattern), decoded];
}

/** Characters that need no escape are written without one. */
function canonicalEscape(escape: string): string {
  const sign = percentDecoded(escape);
  return UNSAFE.test(sign) || "./;%?".includes(sign) ? escape.toUpperCase() : sign;
}

function fault(path: string, problem: string): RangeError {
  return new RangeError(`The path ${JSON.stringify(path)} ${problem}.`);
}
