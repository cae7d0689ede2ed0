/** How slowly a request's body may come. */
export interface PaceLimits {
  /** Bytes of content a second. 0: as slowly as it likes. */
  bodyRate: number;
  /** How long it may come slower than that, or not at all, in milliseconds. */
  bodyGrace: number;
}

/**
 * Judges how fast a body comes. It has some patience; waiting uses it up, each byte gives a little back, never more than there was: who
 * sent much at first may not be silent for long after it.
 */
export class BodyPace {
  readonly #limits: PaceLimits;
  #patience = 0;
  #bytes = 0;

  constructor(limits: PaceLimits) {
    this.#limits = limits;
  }

  /** A body begins. `extra` milliseconds are added to the patience that it starts with. */
  begin(extra: number): void {
    this.#patience = this.#limits.bodyGrace + extra;
    this.#bytes = 0;
  }

  /**
   * `elapsed` milliseconds more were spent ready to read.
   * @param bytes content so far
   * @returns false when it is too slow.
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
