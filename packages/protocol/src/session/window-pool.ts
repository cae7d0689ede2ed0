/**
 * The memory that a session lends to its streams' windows beyond their guaranteed size: PROTOCOL.md, section 5. A loan
 * takes at most half of the free memory, so that some remains for the next stream.
 */
export class WindowPool {
  /** Bytes received and not consumed yet, of all streams, also of those that are over. */
  unconsumed = 0;
  #free: number;

  /** @param size in bytes. */
  constructor(size: number) {
    this.#free = size;
  }

  get free(): number {
    return this.#free;
  }

  /** Lends all of `bytes` or nothing. Returns whether it did. */
  borrow(bytes: number): boolean {
    if (bytes > this.#free / 2) return false;
    this.#free -= bytes;
    return true;
  }

  giveBack(bytes: number): void {
    this.#free += bytes;
  }
}
