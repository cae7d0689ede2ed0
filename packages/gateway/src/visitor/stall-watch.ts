/** A connection's counts of written bytes. */
export interface Writing {
  /** Grows whenever bytes have been sent. */
  readonly progress: number;
  /** Bytes written that have not been sent. */
  readonly unsent: number;
}

/** Detects a peer that reads nothing while bytes wait for it. */
export class StallWatch {
  #stalled = 0;
  #progress = 0;

  /**
   * Call it `elapsed` milliseconds after the last call.
   * @returns for how many milliseconds the peer has read nothing while bytes waited for it.
   */
  look({ progress, unsent }: Writing, elapsed: number): number {
    this.#stalled = unsent > 0 && progress === this.#progress ? this.#stalled + elapsed : 0;
    this.#progress = progress;
    return this.#stalled;
  }
}
