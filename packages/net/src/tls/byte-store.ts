/** Bytes that come in pieces, kept in one place: adding to them costs no more than the piece, however small it is. */
export class ByteStore {
  #buffer = Buffer.allocUnsafe(2_048);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** All of them; valid until the next `add`. */
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
