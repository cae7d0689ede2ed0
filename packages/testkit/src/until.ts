import { setTimeout as pause } from "node:timers/promises";

const POLL_MS = 10;

export interface UntilOptions {
  /** Milliseconds until it fails. Default 20,000, so that tests pass on a busy machine. */
  timeout?: number;
  /** Context for the failure message, for instance the output of a process. */
  details?: () => string;
}

/**
 * Waits until `condition` returns a value other than undefined and false, and returns it.
 * An error counts as "not yet"; after the timeout the last one is the cause of the failure.
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
      throw new Error(`timed out after ${timeout} ms, waiting for ${what}${context}`, { cause });
    }
    await pause(POLL_MS);
  }
}
