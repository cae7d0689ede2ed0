import type { Clock } from "./clock.js";

/** A clock that a test advances. */
export class ManualClock implements Clock {
  #now = 1_700_000_000_000;
  readonly #timers = new Map<object, { at: number; task: () => void }>();
  /** The next random number. */
  chance = 0;

  now(): number {
    return this.#now;
  }

  random(): number {
    return this.chance;
  }

  after(delay: number, task: () => void): () => void {
    if (delay > 2 ** 31 - 1) throw new RangeError(`a timer of ${delay} ms would run at once`);
    const timer = {};
    this.#timers.set(timer, { at: this.#now + delay, task });
    return () => void this.#timers.delete(timer);
  }

  /** The number of pending tasks. */
  get waiting(): number {
    return this.#timers.size;
  }

  /** Milliseconds until the next task; undefined without one. */
  get next(): number | undefined {
    return this.waiting === 0 ? undefined : Math.min(...[...this.#timers.values()].map(({ at }) => at)) - this.#now;
  }

  /** Advances the clock. Each task runs at its time, and promises settle before the next task. */
  async pass(milliseconds: number): Promise<void> {
    const until = this.#now + milliseconds;
    for (;;) {
      const due = [...this.#timers].filter(([, { at }]) => at <= until).toSorted(([, a], [, b]) => a.at - b.at)[0];
      if (due === undefined) break;
      const [timer, { at, task }] = due;
      this.#timers.delete(timer);
      this.#now = Math.max(this.#now, at);
      task();
      await settled();
    }
    this.#now = until;
    await settled();
  }
}

/** Resolves when all promises have settled. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
