/**
 * What the windows of a session's streams may lend beyond their guaranteed size: PROTOCOL.md, section 5.
 * One borrower takes at most half of what is left, so there is always something for the next.
 */
export class WindowPool {
  #free: number;

  constructor(size: number) {
    this.#free = size;
  }

  get free(): number {
    return this.#free;
  }

  /** Lends `bytes`, whole or not at all. */
  borrow(bytes: number): boolean {
    if (bytes > this.#free / 2) return false;
    this.#free -= bytes;
    return true;
  }

  giveBack(bytes: number): void {
    this.#free += bytes;
  }
}
