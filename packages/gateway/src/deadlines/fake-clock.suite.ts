import type { Clock } from "./clock.js";

interface Timer {
  at: number;
  task: () => void;
}

/** A clock that moves only when a test lets time pass. */
export class FakeClock implements Clock {
  /** Timers started so far. */
  started = 0;
  #now: number;
  #timers: Timer[] = [];

  constructor(now = 1_000_000.5) {
    this.#now = now;
  }

  /** Timers running now. */
  get running(): number {
    return this.#timers.length;
  }

  now(): number {
    return this.#now;
  }

  after(delay: number, task: () => void): () => void {
    this.started++;
    const timer = { at: this.#now + delay, task };
    this.#timers.push(timer);
    return () => void (this.#timers = this.#timers.filter((other) => other !== timer));
  }

  /** Lets `milliseconds` pass, and runs the tasks of the timers that end in this time. */
  pass(milliseconds: number): void {
    const until = this.#now + milliseconds;
    for (;;) {
      const next = this.#timers.toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined || next.at > until) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#now = Math.max(this.#now, next.at);
      next.task();
    }
    this.#now = until;
  }
}
