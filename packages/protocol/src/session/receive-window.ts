import type { Limits } from "../limits.js";
import type { WindowPool } from "./window-pool.js";

/** Tracks how many bytes one stream may still receive, and when to announce more: PROTOCOL.md, section 5. */
export class ReceiveWindow {
  /** Bytes received and bytes consumed since the stream began. */
  received = 0;
  consumed = 0;
  /** The offset up to which the peer may send. */
  limit: number;
  #size: number;
  readonly #limits: Limits;
  readonly #pool: WindowPool;

  /**
   * @param startsLarge whether it starts with the initial window, if the pool has room for it. That is for an opener,
   *   because OPEN announces the size. Others start with the guaranteed window.
   */
  constructor(startsLarge: boolean, limits: Limits, pool: WindowPool) {
    this.#limits = limits;
    this.#pool = pool;
    this.#size = limits.guaranteedWindow;
    if (startsLarge) this.enlarge();
    this.limit = this.#size;
  }

  receive(bytes: number): void {
    this.received += bytes;
    this.#pool.unconsumed += bytes;
  }

  consume(bytes: number): void {
    this.consumed += bytes;
    this.#pool.unconsumed -= bytes;
  }

  get empty(): boolean {
    return this.received === this.consumed;
  }

  /** Borrows from the pool: first up to the initial window, then by doubling. Returns whether the pool had room. */
  enlarge(): boolean {
    const target = this.#size < this.#limits.initialWindow ? this.#limits.initialWindow : this.#size * 2;
    if (!this.#pool.borrow(target - this.#size)) return false;
    this.#size = target;
    return true;
  }

  /** The limit to announce when at least half of the window was consumed since the last one; otherwise 0. */
  announce(): number {
    const limit = this.consumed + this.#size;
    if (limit - this.limit < this.#size / 2) return 0;
    this.limit = limit;
    return limit;
  }

  /** Returns everything borrowed to the pool. Can be called twice. */
  close(): void {
    this.#pool.giveBack(this.#size - this.#limits.guaranteedWindow);
    this.#size = this.#limits.guaranteedWindow;
  }
}
