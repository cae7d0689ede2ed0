import type { Clock } from "./clock.js";

/** A clock that stands still until a test moves it. */
export class ManualClock implements Clock {
  #now = 1_700_000_000_000;
  readonly #timers = new Map<object, { at: number; task: () => void }>();
  /** What chance says next. */
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

  /** Tasks that wait. */
  get waiting(): number {
    return this.#timers.size;
  }

  /** In how many milliseconds the next task runs; undefined: never. */
  get next(): number | undefined {
    return this.waiting === 0 ? undefined : Math.min(...[...this.#timers.values()].map(({ at }) => at)) - this.#now;
  }

  /** Lets so much time pass: tasks run at their time, and what follows from each is done before the next. */
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

/** Resolves when all that promises have set going is done. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
