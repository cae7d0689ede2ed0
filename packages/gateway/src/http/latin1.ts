/** The text of some bytes, one character each. */
export function textOf(bytes: Buffer, start: number, end: number): string {
  return bytes.toString("latin1", start, end);
}

/** Writes text whose characters are one byte each. @returns the position after it. */
export function writeText(target: Buffer, at: number, text: string): number {
  return at + target.write(text, at, "latin1");
}
