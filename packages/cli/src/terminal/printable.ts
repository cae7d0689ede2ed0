import { stripVTControlCharacters } from "node:util";

/** Control, format, surrogate, private and unassigned characters, and the line and paragraph separators. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;
const OUTSIDE_ASCII = /[^\x20-\x7e]/gu;

/**
 * Escapes characters that could move the cursor, change colours or reverse the reading order. Letters of all languages
 * stay.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escaped);
}

/** Escapes everything but printable ASCII, so that one character is one column. */
export function printableAscii(text: string): string {
  return text.replace(OUTSIDE_ASCII, escaped);
}

/** Cuts `text` to `width` characters, the last of which is an ellipsis. */
export function truncated(text: string, width: number): string {
  if (text.length <= width) return text;
  return width < 1 ? "" : `${text.slice(0, width - 1)}…`;
}

/** Cuts a line that may have colours to `columns`; a cut line loses its colours. */
export function cutLine(line: string, columns: number): string {
  const plain = stripVTControlCharacters(line);
  return plain.length <= columns ? line : truncated(plain, columns);
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
}
