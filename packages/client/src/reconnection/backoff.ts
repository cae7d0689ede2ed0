import type { ReconnectionOptions } from "../options.js";

export const DEFAULT_RECONNECTION: Readonly<ReconnectionOptions> = {
  enabled: true,
  initialDelay: 1_000,
  maxDelay: 300_000,
  backoffMultiplier: 2,
  maxAttempts: 0,
  jitterFactor: 0.5,
};

/** The longest hint of a server that is obeyed, in milliseconds. */
const LONGEST_HINT = 3_600_000;

/**
 * The delay before retry number `attempt` (the first is 1), in milliseconds. The first delay is a random part of the
 * initial delay, so that the clients of a restarted server do not reconnect at the same time. Later delays grow by the
 * multiplier, and a share of each is random.
 * @param hint the shortest delay that the server accepts, in milliseconds; at most one hour of it is obeyed.
 * @param random 0 ≤ random < 1.
 */
export function backoff(attempt: number, options: ReconnectionOptions, random: number, hint = 0): number {
  const shortest = Math.min(hint, LONGEST_HINT);
  const { initialDelay, maxDelay, backoffMultiplier, jitterFactor } = options;
  if (attempt <= 1) return shortest + Math.min(initialDelay, maxDelay) * random;
  const full = Math.min(initialDelay * backoffMultiplier ** (attempt - 1), maxDelay);
  return Math.max(full * (1 - jitterFactor * random), shortest);
}
