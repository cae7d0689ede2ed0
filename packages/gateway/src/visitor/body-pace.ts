/** How slowly a request's body may arrive. */
export interface PaceLimits {
  /** How long a body may stop, in milliseconds. 0: no limit. */
  bodyGrace: number;
  /** Bytes of content per second below which a body counts as stopped. 0: every byte counts. */
  bodyRate: number;
}

/**
 * Watches the pace of a body. A body has a grace period. Waiting uses it up, and bytes restore it: any byte all of it,
 * or with a minimum rate each byte a part of it, up to the original length. So a fast start does not allow a long
 * silence afterwards. The clock runs only while the gateway is ready to read.
 */
export class BodyPace {
  /** When the body is too slow unless more of it arrives, in milliseconds; Infinity while the clock does not run. */
  deadline = Infinity;
  readonly #limits: PaceLimits;
  /** What was left of the grace period when the clock stopped. */
  #left = Infinity;
  #bytes = 0;

  constructor(limits: PaceLimits) {
    this.#limits = limits;
  }

  /** A body begins. `extra` milliseconds are added to its grace period at the start. */
  begin(now: number, extra: number): void {
    const { bodyGrace } = this.#limits;
    this.#left = Infinity;
    this.#bytes = 0;
    this.deadline = bodyGrace === 0 ? Infinity : now + bodyGrace + extra;
  }

  /** @param bytes content so far */
  onBytes(now: number, bytes: number): void {
    const more = bytes - this.#bytes;
    this.#bytes = bytes;
    const runs = this.deadline < Infinity;
    const left = runs ? this.deadline - now : this.#left;
    if (more === 0 || left === Infinity) return;
    const { bodyGrace, bodyRate } = this.#limits;
    const restored = bodyRate === 0 ? bodyGrace : Math.min(bodyGrace, left + (more * 1000) / bodyRate);
    if (runs) this.deadline = now + restored;
    else this.#left = restored;
  }

  /** Stops the clock. */
  stop(now: number): void {
    if (this.deadline === Infinity) return;
    this.#left = this.deadline - now;
    this.deadline = Infinity;
  }

  /** Lets the clock run again after `stop`. */
  resume(now: number): void {
    this.deadline = Math.min(this.deadline, now + this.#left);
    this.#left = Infinity;
  }
}
