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

/** A copy of the bytes of an incomplete head. Its memory doubles when full, because pieces may be single bytes. */
export class PartialHead {
  #memory: Buffer;
  #length: number;

  constructor(bytes: Buffer) {
    this.#memory = Buffer.from(bytes);
    this.#length = bytes.length;
  }

  /** A view of the bytes so far, valid until the next `add`. */
  get bytes(): Buffer {
    return this.#memory.subarray(0, this.#length);
  }

  add(piece: Buffer): void {
    const length = this.#length + piece.length;
    if (length > this.#memory.length) {
      const larger = Buffer.allocUnsafe(2 * length);
      this.#memory.copy(larger, 0, 0, this.#length);
      this.#memory = larger;
    }
    piece.copy(this.#memory, this.#length);
    this.#length = length;
  }
}
