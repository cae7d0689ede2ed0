import { DOT, HEX, PERCENT } from "../http/octet.js";

/** Added to the code of a byte that was percent-encoded. */
export const ENCODED = 0x100;

const BYTE = 0xff;
const U = 0x75;

/**
 * Decodes the escapes in the first `length` codes once: `%2f`, `%u002f` (old JavaScript, IIS), and overlong UTF-8
 * (`%c0%af`), which lenient decoders accept. `decoded` may be the same array.
 * @returns the length of the result
 */
export function decodeEscapes(codes: Uint16Array, length: number, decoded: Uint16Array): number {
  let end = 0;
  let at = 0;
  while (at < length) {
    let code = codes[at++]!;
    if ((code & BYTE) === PERCENT) {
      const byte = escapedByte(codes, at, length);
      const sign = byte < 0 ? escapedSign(codes, at, length) : byte;
      if (sign >= 0) {
        code = ENCODED + sign;
        at += byte < 0 ? 5 : 2;
      }
    }
    decoded[end++] = code;
    if (isContinuation(code)) end = joinOverlong(decoded, end);
  }
  return end;
}

/**
 * Decodes only `%2e`, in place: the URL standard reads it as a dot in `.` and `..`, and decodes nothing else.
 * @returns the new length
 */
export function decodeDots(codes: Uint16Array, length: number): number {
  let end = 0;
  let at = 0;
  while (at < length) {
    const code = codes[at++]!;
    const isDot = code === PERCENT && escapedByte(codes, at, length) === DOT;
    codes[end++] = isDot ? ENCODED + DOT : code;
    if (isDot) at += 2;
  }
  return end;
}

/** The byte of two hexadecimal digits at `at`; -1: they are not there. */
function escapedByte(codes: Uint16Array, at: number, length: number): number {
  if (at + 2 > length) return -1;
  const high = HEX[codes[at]! & BYTE]!;
  const low = HEX[codes[at + 1]! & BYTE]!;
  return high === 0 || low === 0 ? -1 : (high - 1) * 16 + low - 1;
}

/** The ASCII character of `u` and four hexadecimal digits at `at`; -1: they are not there, or mean another one. */
function escapedSign(codes: Uint16Array, at: number, length: number): number {
  if (at + 5 > length || ((codes[at]! & BYTE) | 0x20) !== U || escapedByte(codes, at + 1, length) !== 0) return -1;
  const low = escapedByte(codes, at + 3, length);
  return low < 0x80 ? low : -1;
}

/** Whether a code is an encoded byte that continues a character in UTF-8. */
function isContinuation(code: number): boolean {
  return (code & ~0x3f) === ENCODED + 0x80;
}

/**
 * Replaces an overlong form of an ASCII character, of 2 or 3 bytes, at the end of `codes` by that character.
 * @returns the new length
 */
function joinOverlong(codes: Uint16Array, end: number): number {
  const last = codes[end - 1]! & 0x3f;
  const second = end < 2 ? 0 : codes[end - 2]! - ENCODED;
  if (second === 0xc0 || second === 0xc1) {
    codes[end - 2] = ENCODED + ((second & 1) << 6) + last;
    return end - 1;
  }
  if (end < 3 || codes[end - 3] !== ENCODED + 0xe0 || (second !== 0x80 && second !== 0x81)) return end;
  codes[end - 3] = ENCODED + ((second & 1) << 6) + last;
  return end - 2;
}
