/** A connection's counts of written bytes. */
export interface Writing {
  /** Grows whenever something has left. */
  readonly progress: number;
  /** Bytes written that have not left. */
  readonly unsent: number;
}

/** Watches whether a peer takes anything of what waits for it. */
export class StallWatch {
  #stalled = 0;
  #progress = 0;

  /**
   * Call it `elapsed` milliseconds after the last time.
   * @returns for how long the peer has taken nothing though something waited.
   */
  look({ progress, unsent }: Writing, elapsed: number): number {
    this.#stalled = unsent > 0 && progress === this.#progress ? this.#stalled + elapsed : 0;
    this.#progress = progress;
    return this.#stalled;
  }
}
