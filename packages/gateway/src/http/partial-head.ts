import { DEFAULT_HEAD_LIMITS } from "./field-section.js";
import { LF } from "./octet.js";

/** As long as a head is this short, every byte of it is looked at as it comes: what is no HTTP at all is told so at once. */
const SHORT = 512;

/**
 * Whether a head that grew by `piece` to `length` bytes, and is not whole yet, is to be read again: only when another of its lines may be
 * complete, so that one-byte pieces cost no more than whole ones.
 */
export function worthReading(piece: Buffer, length: number): boolean {
  return length <= SHORT || length >= DEFAULT_HEAD_LIMITS.bytes || piece.includes(LF);
}
