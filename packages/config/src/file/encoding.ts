/** Bytes at the start of a file that are searched for the zeros of UTF-16. */
const SAMPLE = 64;

/**
 * Returns what is wrong with a file that should be UTF-8 text, as the end of a sentence; undefined if nothing is.
 * PowerShell 5 writes UTF-16, with or without a byte order mark.
 */
export function encodingFault(bytes: Uint8Array): string | undefined {
  if (isUtf16(bytes)) return "is UTF-16 text, not UTF-8. Save it as UTF-8";
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return undefined;
  } catch {
    return "is not UTF-8 text. Save it as UTF-8";
  }
}

/** True if a byte order mark or the zeros in ASCII characters show UTF-16. */
export function isUtf16(bytes: Uint8Array): boolean {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) return true;
  const pairs = Math.min(bytes.length, SAMPLE) >> 1;
  if (pairs < 2) return false;
  const zerosAt = (offset: number): boolean =>
    Array.from({ length: pairs }, (_, index) => bytes[2 * index + offset]).every((byte) => byte === 0);
  return zerosAt(0) !== zerosAt(1);
}
