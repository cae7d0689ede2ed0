/** Monotonic time and timers; tests replace them. */
export interface Clock {
  /** Milliseconds since an arbitrary moment. */
  now(): number;
  /** Runs `task` after `delay` milliseconds. Returns a function that cancels it and that can be called twice. */
  after(delay: number, task: () => void): () => void;
}

/**
 * The process's own time. A timer does not keep the process alive. Its task runs after the input that has already
 * arrived is read, so that after a pause of the process (a suspended machine) no peer is late because of the pause.
 */
export const SYSTEM_CLOCK: Clock = {
  now: () => performance.now(),
  after(delay, task) {
    const timer = setTimeout(() => setImmediate(task), delay).unref();
    return () => clearTimeout(timer);
  },
};
