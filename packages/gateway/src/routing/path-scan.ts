import { BACKSLASH, DOT, NUL, PERCENT, QUESTION, SEMICOLON, SLASH } from "../http/octet.js";

/** 1: can change the reading of a path, wherever it is. */
const AMBIGUOUS = Uint8Array.from({ length: 256 }, (_, code) =>
  [NUL, PERCENT, SEMICOLON, BACKSLASH].includes(code) ? 1 : 0,
);

/** The end of the path in a request target: its query, or the end of the text. */
export function pathEnd(target: string): number {
  const query = target.indexOf("?");
  return query < 0 ? target.length : query;
}

/** The path in a request target. */
export function pathOf(target: string): string {
  return target.slice(0, pathEnd(target));
}

/**
 * Finds the end of the path in a request target: its query, or the end of the text. Returns the position, or its
 * complement (`~`) if servers may read this path in different ways: it contains an escape, `;`, `\`, NUL, an empty
 * segment, or `.` or `..` as a segment.
 */
export function scanPath(target: string, start = 0): number {
  let isAmbiguous = false;
  let previous = 0;
  let at = start;
  for (; at < target.length; at++) {
    const code = target.charCodeAt(at);
    if (code === QUESTION) break;
    if (AMBIGUOUS[code] !== 0) isAmbiguous = true;
    else if (previous === SLASH && (code === SLASH || (code === DOT && !continuesName(target.charCodeAt(at + 1)))))
      isAmbiguous = true;
    previous = code;
  }
  return isAmbiguous ? ~at : at;
}

/** Whether a segment that begins with a dot and this character is a name, such as `.well-known`. */
function continuesName(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || (code | 0x20) >= 0x61;
}
