/** What a socket says of its own writing, in bytes. */
interface Writing {
  /** Given to it, taken by the kernel or not. */
  readonly bytesWritten: number;
  /** Not taken by the kernel yet. */
  readonly writableLength: number;
}

/** Watches whether a socket takes anything of what waits for it. */
export class StallWatch {
  #stalled = 0;
  #taken = 0;

  /** Looks at it, `elapsed` milliseconds after the last time. @returns for how long it has taken nothing though something waited. */
  look({ bytesWritten, writableLength }: Writing, elapsed: number): number {
    const taken = bytesWritten - writableLength;
    this.#stalled = writableLength > 0 && taken === this.#taken ? this.#stalled + elapsed : 0;
    this.#taken = taken;
    return this.#stalled;
  }
}
