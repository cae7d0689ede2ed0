/** A limited number of things that happen at the same time. The others wait in turn. */
export class Slots {
  readonly #mostWaiting: number;
  #free: number;
  #waiting: (() => unknown)[] = [];
  /** How many of `#waiting` have been called. */
  #called = 0;

  /** @param mostWaiting beyond it, `take` fails */
  constructor(free: number, mostWaiting = Infinity) {
    this.#free = free;
    this.#mostWaiting = mostWaiting;
  }

  /**
   * Calls `begin` now or later. Call `give` when it is over, unless `begin` returns false: it was not needed any more.
   * @returns false if too many wait: it is never called
   */
  take(begin: () => unknown): boolean {
    if (this.#free > 0) {
      this.#free--;
      if (begin() === false) this.give();
      return true;
    }
    if (this.#waiting.length - this.#called >= this.#mostWaiting) return false;
    this.#waiting.push(begin);
    return true;
  }

  give(): void {
    for (let next = this.#next(); next !== undefined; next = this.#next()) if (next() !== false) return;
    this.#free++;
  }

  #next(): (() => unknown) | undefined {
    const next = this.#waiting[this.#called];
    if (next === undefined) return undefined;
    // The first ones are removed together, because each removal moves all others.
    if (++this.#called >= 64 || this.#called === this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#called);
      this.#called = 0;
    }
    return next;
  }
}
