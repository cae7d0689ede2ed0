import { stripVTControlCharacters } from "node:util";

/**
 * Breaks a text between words, so that the terminal does not break it within one. A word that is longer than a line
 * stays whole, and can be copied as a whole.
 * @param columns the width of the terminal; undefined: no terminal, no break.
 * @param indent the beginning of all lines but the first.
 */
export function wrapped(text: string, columns: number | undefined, indent = ""): string {
  if (columns === undefined || widthOf(text) <= columns) return text;
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    const isEmpty = line.trim() === "";
    if (!isEmpty && widthOf(longer) > columns) {
      lines.push(line);
      line = indent + word;
    } else line = longer;
  }
  return [...lines, line].join("\n");
}

function widthOf(text: string): number {
  return stripVTControlCharacters(text).length;
}
