/** Time, randomness and timers; tests replace them. */
export interface Clock {
  /** Unix time in milliseconds. */
  now(): number;
  /** 0 ≤ random < 1. */
  random(): number;
  /**
   * Runs `task` after `delay` milliseconds, at most 2³¹ − 1. Returns a function that cancels it and that can be called
   * twice.
   */
  after(delay: number, task: () => void): () => void;
}

export const SYSTEM_CLOCK: Clock = {
  now: () => Date.now(),
  random: () => Math.random(),
  after(delay, task) {
    const timer = setTimeout(task, delay);
    return () => clearTimeout(timer);
  },
};
