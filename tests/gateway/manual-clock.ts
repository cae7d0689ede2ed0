import type { Clock } from "@postern/gateway";

/** A clock that moves only when a test lets time pass. */
export class ManualClock implements Clock {
  #now = 1_000_000;
  readonly #timers = new Set<{ at: number; task: () => void }>();

  now(): number {
    return this.#now;
  }

  after(delay: number, task: () => void): () => void {
    const timer = { at: this.#now + delay, task };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Lets `milliseconds` pass, then runs the tasks of the timers that end in this time. */
  pass(milliseconds: number): void {
    this.#now += milliseconds;
    for (const timer of this.#timers) {
      if (timer.at > this.#now) continue;
      this.#timers.delete(timer);
      timer.task();
    }
  }
}
