import type { ReconnectionOptions } from "../options.js";

const DEFAULT_RECONNECTION: Readonly<ReconnectionOptions> = {
  enabled: true,
  initialDelay: 1_000,
  maxDelay: 20_000,
  backoffMultiplier: 2,
  maxAttempts: 0,
  jitterFactor: 0.5,
};

/** The options of a tunnel. A longer `initialDelay` raises the default of `maxDelay`. */
export function reconnectionOptions(given: Partial<ReconnectionOptions> = {}): ReconnectionOptions {
  const options = { ...DEFAULT_RECONNECTION, ...given };
  const maxDelay = given.maxDelay ?? Math.max(options.maxDelay, options.initialDelay);
  return { ...options, maxDelay };
}

/** The longest hint of a server that is obeyed, in milliseconds. */
const LONGEST_HINT = 3_600_000;

/** How late a client may be for its appointment, in milliseconds. The server keeps a place for 2 s. */
const LATEST = 1_000;

export interface RetryCircumstances {
  /** The shortest delay that the server accepts, in milliseconds; at most one hour of it is obeyed. Default 0. */
  hint?: number;
  /**
   * Whether the server refused an attempt and gave this client the hint as its time to return. The client then waits
   * for that time, and no longer because of earlier attempts. Default false.
   */
  isAppointment?: boolean;
  /**
   * How long the failed attempt took, in milliseconds. It counts as part of the delay: an attempt that waited for a
   * silent network has already waited. Default 0.
   */
  took?: number;
}

/**
 * The delay before retry number `attempt` (the first is 1), in milliseconds. The first delay is a random part of the
 * initial delay, so that the clients of a restarted server do not reconnect at the same time. Later delays grow by the
 * multiplier, and a share of each is random.
 * @param random 0 ≤ random < 1.
 */
export function backoff(
  attempt: number,
  options: ReconnectionOptions,
  random: number,
  { hint = 0, isAppointment = false, took = 0 }: RetryCircumstances = {},
): number {
  const shortest = Math.min(hint, LONGEST_HINT);
  const { initialDelay, maxDelay, backoffMultiplier, jitterFactor } = options;
  const spread = Math.min(initialDelay, maxDelay) * random;
  if (isAppointment && hint > 0) return shortest + Math.min(spread, LATEST * random);
  if (attempt <= 1) return shortest + spread;
  const full = Math.min(initialDelay * backoffMultiplier ** (attempt - 1), maxDelay);
  const delay = full * (1 - jitterFactor * random);
  return Math.max(delay - took, Math.min(delay, spread), shortest);
}
