/** A connection's counts of written bytes. */
export interface Writing {
  /** Grows whenever bytes have been sent. */
  readonly progress: number;
  /** Bytes written that have not been sent. */
  readonly unsent: number;
}

/** Detects a peer that reads nothing while bytes wait for it. */
export class StallWatch {
  /** Since when it reads nothing, in milliseconds, as far as `look` noticed; Infinity while nothing waits for it. */
  since = Infinity;
  #progress = 0;

  /** Call it when bytes begin to wait, and regularly while they wait. */
  look(now: number, { progress, unsent }: Writing): void {
    if (unsent === 0) this.since = Infinity;
    else if (this.since === Infinity || progress !== this.#progress) this.since = now;
    this.#progress = progress;
  }
}
