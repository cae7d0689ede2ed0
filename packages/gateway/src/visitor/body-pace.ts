/** The slowest rate at which a request's body may arrive. */
export interface PaceLimits {
  /** Bytes of content per second. 0: no limit. */
  bodyRate: number;
  /** How long a body may be slower than that, in milliseconds. */
  bodyGrace: number;
}

/**
 * Watches the rate of a body. A body has a grace period. Waiting uses it up, and each byte restores a part of it, up to
 * the original length. So a fast start does not allow a long silence afterwards.
 */
export class BodyPace {
  readonly #limits: PaceLimits;
  #patience = 0;
  #bytes = 0;

  constructor(limits: PaceLimits) {
    this.#limits = limits;
  }

  /** A body begins. `extra` milliseconds are added to its grace period at the start. */
  begin(extra: number): void {
    this.#patience = this.#limits.bodyGrace + extra;
    this.#bytes = 0;
  }

  /**
   * Counts `elapsed` milliseconds in which the gateway was ready to read.
   * @param bytes content so far
   * @returns false when the body is too slow.
   */
  waited(elapsed: number, bytes: number): boolean {
    const { bodyRate, bodyGrace } = this.#limits;
    if (bodyRate === 0) return true;
    this.#patience -= elapsed;
    if (bytes > this.#bytes) {
      this.#patience = Math.min(bodyGrace, this.#patience + ((bytes - this.#bytes) * 1000) / bodyRate);
      this.#bytes = bytes;
    }
    return this.#patience > 0;
  }
}
