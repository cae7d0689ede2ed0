/** The lines of a text in which each line ends with CRLF, without these ends. */
export function linesOf(text: string): string[] {
  return text.split("\r\n").slice(0, -1);
}

/** The name of a field line, in lower case. */
export function nameOf(line: string): string {
  return line.slice(0, line.indexOf(":")).toLowerCase();
}

/** Field lines, each ended by CRLF, without those of these names (lower case). */
export function linesWithout(text: string, names: readonly string[]): string {
  if (text === "" || names.length === 0) return text;
  const kept = linesOf(text).filter((line) => !names.includes(nameOf(line)));
  return kept.map((line) => `${line}\r\n`).join("");
}
