import type { Clock } from "../clock.js";

/** How often it is looked whether the first server is back, in milliseconds. */
const LOOK = 20_000;
/** It must have answered so many times in a row: one that comes and goes is not back. */
const ENOUGH = 3;

export interface HomeWatchOptions {
  /** Milliseconds between two looks; no more than 20,000. */
  interval: number;
  /** Whether the first server takes new sessions now. */
  isBack: () => Promise<boolean>;
  /** Moves there. Returns whether that worked. */
  move: () => Promise<boolean>;
  clock: Pick<Clock, "after" | "random">;
}

/** While a session is at another server than the first: looks whether the first is back, and moves there when it has been for a while. */
export class HomeWatch {
  readonly #options: HomeWatchOptions;
  readonly #stop = new AbortController();
  #cancel: () => void = () => {};
  #answers = 0;

  constructor(options: HomeWatchOptions) {
    this.#options = options;
    this.#schedule();
  }

  stop(): void {
    this.#stop.abort();
    this.#cancel();
  }

  /** Clients that left a server at the same time do not all look at the same time. */
  #schedule(): void {
    const { interval, clock } = this.#options;
    const delay = Math.min(interval, LOOK) * (0.75 + clock.random() / 2);
    this.#cancel = clock.after(delay, () => void this.#look());
  }

  async #look(): Promise<void> {
    const { isBack, move } = this.#options;
    const { signal } = this.#stop;
    const back = await isBack().catch(() => false);
    this.#answers = back ? this.#answers + 1 : 0;
    if (signal.aborted) return;
    if (this.#answers >= ENOUGH) {
      if (await move()) return this.stop();
      this.#answers = 0;
    }
    if (!signal.aborted) this.#schedule();
  }
}
