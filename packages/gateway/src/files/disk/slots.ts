import { Turns } from "./turns.js";

/** A limited number of things that happen at the same time. The others wait in turn. */
export class Slots {
  readonly #mostWaiting: number;
  #free: number;
  readonly #waiting = new Turns<() => void>();

  /** @param mostWaiting beyond it, `take` fails */
  constructor(free: number, mostWaiting: number) {
    this.#free = free;
    this.#mostWaiting = mostWaiting;
  }

  /**
   * Calls `begin` now or later. Call `give` when it is over.
   * @returns false if too many wait: it is never called
   */
  take(begin: () => void): boolean {
    if (this.#free > 0) {
      this.#free--;
      begin();
      return true;
    }
    if (this.#waiting.length >= this.#mostWaiting) return false;
    this.#waiting.add(begin);
    return true;
  }

  give(): void {
    const next = this.#waiting.take();
    if (next === undefined) this.#free++;
    else next();
  }
}
