/** The text of some bytes, one character each. */
export function textOf(bytes: Buffer, start: number, end: number): string {
  return bytes.toString("latin1", start, end);
}

/** Writes text whose characters are one byte each. @returns the position after it. */
export function writeText(target: Buffer, at: number, text: string): number {
  return at + target.write(text, at, "latin1");
}

/** Whether some bytes are `text`, exactly; without making a string of them. */
export function isText(bytes: Buffer, start: number, end: number, text: string): boolean {
  if (end - start !== text.length) return false;
  for (let n = 0; n < text.length; n++) if (bytes[start + n] !== text.charCodeAt(n)) return false;
  return true;
}

/** Whether some bytes are `text`, which is in lower case, but for the case of their letters. */
export function equalsText(bytes: Buffer, start: number, end: number, text: string): boolean {
  if (end - start !== text.length) return false;
  for (let n = 0; n < text.length; n++) {
    const byte = bytes[start + n]!;
    const lower = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
    if (lower !== text.charCodeAt(n)) return false;
  }
  return true;
}
