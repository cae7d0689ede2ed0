/** The time, chance and timers that waiting goes by. */
export interface Clock {
  /** Milliseconds of the Unix time. */
  now(): number;
  /** 0 ≤ random < 1. */
  random(): number;
  /** Runs `task` in `delay` milliseconds, 2³¹ − 1 at most. Returns what calls it off; that can be called twice. */
  after(delay: number, task: () => void): () => void;
}

/** The machine's own. */
export const SYSTEM_CLOCK: Clock = {
  now: () => Date.now(),
  random: () => Math.random(),
  after(delay, task) {
    const timer = setTimeout(task, delay);
    return () => clearTimeout(timer);
  },
};
