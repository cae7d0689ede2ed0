/** Collects pieces of bytes in one buffer. The cost of adding a piece depends only on its length. */
export class ByteStore {
  #buffer = Buffer.allocUnsafe(2_048);
  #length = 0;

  /** @param first the first piece. Default: none */
  constructor(first?: Buffer) {
    if (first !== undefined) this.add(first);
  }

  get length(): number {
    return this.#length;
  }

  /** All bytes; valid until the next `add`. */
  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  add(piece: Buffer): void {
    const length = this.#length + piece.length;
    if (length > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, 2 * this.#buffer.length));
      larger.set(this.bytes);
      this.#buffer = larger;
    }
    this.#buffer.set(piece, this.#length);
    this.#length = length;
  }
}
