import { setTimeout as pause } from "node:timers/promises";

const POLL_MS = 10;

export interface UntilOptions {
  /** Milliseconds before giving up. Generous by default: a busy machine is no failure. */
  timeout?: number;
  /** Told to the reader of a failure, for instance what a process has printed so far. */
  details?: () => string;
}

/**
 * Waits for `condition` to give anything but undefined or false, and returns that.
 * What it throws counts as "not yet"; the last such error is the cause when time runs out.
 */
export async function until<T>(
  what: string,
  condition: () => T | undefined | false | Promise<T | undefined | false>,
  { timeout = 20_000, details }: UntilOptions = {},
): Promise<T> {
  const deadline = performance.now() + timeout;
  for (;;) {
    let cause: unknown;
    try {
      const value = await condition();
      if (value !== undefined && value !== false) return value;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > deadline) {
      const context = details === undefined ? "" : `\n${details()}`;
      throw new Error(`waited ${timeout} ms in vain for ${what}${context}`, { cause });
    }
    await pause(POLL_MS);
  }
}
