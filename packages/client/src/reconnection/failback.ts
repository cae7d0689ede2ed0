import type { Clock } from "../clock.js";

/** The longest time between two checks of the primary server, in milliseconds. */
const INTERVAL = 20_000;
/** Checks in a row that must succeed, so that the tunnel does not move to a server that is up only intermittently. */
const REQUIRED_SUCCESSES = 3;

export interface FailbackOptions {
  /** Milliseconds between two checks, at most 20,000. */
  interval: number;
  /** Whether the primary server accepts new sessions now. */
  isBack: () => Promise<boolean>;
  /** Moves the tunnel to the primary server. Returns whether that succeeded. */
  move: () => Promise<boolean>;
  clock: Pick<Clock, "after" | "random">;
}

/**
 * While a tunnel is at a fallback server, checks the primary server, and moves the tunnel back when the primary has
 * been up for a while.
 */
export class Failback {
  readonly #options: FailbackOptions;
  readonly #stop = new AbortController();
  #cancel: () => void = () => {};
  #successes = 0;

  constructor(options: FailbackOptions) {
    this.#options = options;
    this.#schedule();
  }

  stop(): void {
    this.#stop.abort();
    this.#cancel();
  }

  /** The interval is jittered, so that clients that left a server together do not check it at the same time. */
  #schedule(): void {
    const { interval, clock } = this.#options;
    const delay = Math.min(interval, INTERVAL) * (0.75 + clock.random() / 2);
    this.#cancel = clock.after(delay, () => void this.#check());
  }

  async #check(): Promise<void> {
    const { isBack, move } = this.#options;
    const { signal } = this.#stop;
    const back = await isBack().catch(() => false);
    this.#successes = back ? this.#successes + 1 : 0;
    if (signal.aborted) return;
    if (this.#successes >= REQUIRED_SUCCESSES) {
      if (await move()) return this.stop();
      this.#successes = 0;
    }
    if (!signal.aborted) this.#schedule();
  }
}
