import { DEFAULT_HEAD_LIMITS } from "./field-section.js";
import { LF } from "./octet.js";

/** A head shorter than this is read again with every piece, so that bytes that are not HTTP are refused at once. */
const SHORT = 512;

/**
 * Whether to read an incomplete head again after it grew by `piece` to `length` bytes: only when another of its lines
 * may be complete, so that one-byte pieces cost no more than large ones.
 */
export function worthReading(piece: Buffer, length: number): boolean {
  return length <= SHORT || length >= DEFAULT_HEAD_LIMITS.bytes || piece.includes(LF);
}
