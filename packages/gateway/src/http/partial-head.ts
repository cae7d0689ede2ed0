import { LF } from "./octet.js";

/** A head shorter than this is read again with every piece, so that bytes that are not HTTP are refused at once. */
const SHORT = 512;

/**
 * Whether to read an incomplete head again after it grew by `piece` to `length` bytes: only when another of its lines
 * may be complete, so that one-byte pieces cost no more than large ones.
 * @param most bytes of a head
 */
export function worthReading(piece: Buffer, length: number, most: number): boolean {
  return length <= SHORT || length >= most || piece.includes(LF);
}
