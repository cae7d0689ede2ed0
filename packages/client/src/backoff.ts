import type { ReconnectionOptions } from "./options.js";

export const DEFAULT_RECONNECTION: Readonly<ReconnectionOptions> = {
  enabled: true,
  initialDelay: 1_000,
  maxDelay: 300_000,
  backoffMultiplier: 2,
  maxAttempts: 0,
  jitterFactor: 0.5,
};

/** In milliseconds. */
const LONGEST_HINT = 3_600_000;

/**
 * How long to wait before retry number `attempt` (1 is the first), in milliseconds.
 * The first waits a random part of the initial delay, so that a thousand clients of a server that restarts do not come back at once;
 * later ones grow by the multiplier, a share of each being random.
 * @param hint the server's own wish in milliseconds: never less than that, but no more than an hour of it is granted.
 * @param random 0 ≤ random < 1.
 */
export function backoff(attempt: number, options: ReconnectionOptions, random: number, hint = 0): number {
  const wish = Math.min(hint, LONGEST_HINT);
  const { initialDelay, maxDelay, backoffMultiplier, jitterFactor } = options;
  if (attempt <= 1) return wish + Math.min(initialDelay, maxDelay) * random;
  const full = Math.min(initialDelay * backoffMultiplier ** (attempt - 1), maxDelay);
  return Math.max(full * (1 - jitterFactor * random), wish);
}
