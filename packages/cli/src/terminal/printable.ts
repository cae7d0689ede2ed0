import { stripVTControlCharacters } from "node:util";

/** Control, format, surrogate, private and unassigned characters, and the two separators that terminals break lines at. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;
const OUTSIDE_ASCII = /[^\x20-\x7e]/gu;

/**
 * Makes text of another party safe to show: nothing in it can move the cursor, change colours or reverse the reading order.
 * Letters of every language stay.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escaped);
}

/** The same for text whose width must be known: only ASCII stays, so that one character is one column. */
export function printableAscii(text: string): string {
  return text.replace(OUTSIDE_ASCII, escaped);
}

/** Cuts `text` to `width` characters, the last of which says that something is missing. */
export function truncated(text: string, width: number): string {
  if (text.length <= width) return text;
  return width < 1 ? "" : `${text.slice(0, width - 1)}…`;
}

/** Cuts a line that may have colours to `columns`; what is cut loses them. */
export function cutLine(line: string, columns: number): string {
  const plain = stripVTControlCharacters(line);
  return plain.length <= columns ? line : truncated(plain, columns);
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
}
