import type { Limits } from "../limits.js";
import type { WindowPool } from "./window-pool.js";

/** What one stream may still receive, and when its peer hears of more: PROTOCOL.md, section 5. */
export class ReceiveWindow {
  /** Bytes received and bytes consumed since the stream began. */
  received = 0;
  consumed = 0;
  /** The offset up to which the peer may send. */
  limit: number;
  #size: number;
  readonly #limits: Limits;
  readonly #pool: WindowPool;

  /** An opener takes the initial window if it can, since OPEN tells it; an acceptor starts with the guaranteed one. */
  constructor(opener: boolean, limits: Limits, pool: WindowPool) {
    this.#limits = limits;
    this.#pool = pool;
    this.#size = limits.guaranteedWindow;
    if (opener) this.enlarge();
    this.limit = this.#size;
  }

  get empty(): boolean {
    return this.received === this.consumed;
  }

  /** Lends more from the pool: first up to the initial window, then double. Returns whether it could. */
  enlarge(): boolean {
    const target = this.#size < this.#limits.initialWindow ? this.#limits.initialWindow : this.#size * 2;
    if (!this.#pool.borrow(target - this.#size)) return false;
    this.#size = target;
    return true;
  }

  /** The limit to announce, when half of the window or more has been consumed since the last; otherwise 0. */
  announce(): number {
    const limit = this.consumed + this.#size;
    if (limit - this.limit < this.#size / 2) return 0;
    this.limit = limit;
    return limit;
  }

  /** The stream is over: what it borrowed returns. */
  close(): void {
    this.#pool.giveBack(this.#size - this.#limits.guaranteedWindow);
    this.#size = this.#limits.guaranteedWindow;
  }
}
