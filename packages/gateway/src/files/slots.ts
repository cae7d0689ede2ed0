import { Turns } from "../threads/turns.js";

/** Something that waits for its turn. */
export interface Waiting {
  begin(): void;
}

/** A limited number of things that happen at the same time. The others wait in turn. */
export class Slots {
  readonly #mostWaiting: number;
  #free: number;
  readonly #waiting = new Turns<Waiting>();

  /** @param mostWaiting beyond it, `take` fails */
  constructor(free: number, mostWaiting: number) {
    this.#free = free;
    this.#mostWaiting = mostWaiting;
  }

  /**
   * Begins something now or later. Call `give` when it is over.
   * @returns false if too many wait: it never begins
   */
  take(waiting: Waiting): boolean {
    if (this.#free > 0) {
      this.#free--;
      waiting.begin();
      return true;
    }
    if (this.#waiting.length >= this.#mostWaiting) return false;
    this.#waiting.add(waiting);
    return true;
  }

  give(): void {
    const next = this.#waiting.take();
    if (next === undefined) this.#free++;
    else next.begin();
  }
}
