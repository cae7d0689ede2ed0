import { RecentCount } from "../health/recent-count.js";

export const RETRY_LIMITS = {
  /** Retries of requests that may have been delivered, as a part of all requests. */
  share: 0.2,
  /** Further targets that one request may reach, after the first one may have received it. */
  targets: 2,
  /** Retries per second that are always allowed. */
  least: 3,
  /** Seconds over which requests and retries are counted. */
  window: 10,
} as const;

/**
 * Limits the retries in one pool, so that they do not multiply the load of targets that are failing because of it. Only
 * retries of requests that may have been delivered count: others add no load.
 */
export class RetryBudget {
  readonly #requests = recentSeconds();
  readonly #retries = recentSeconds();

  /** A request begins. @param now in milliseconds */
  onRequest(now: number): void {
    this.#requests.add(now);
  }

  /** Whether a request may be retried. A retry that is allowed is counted. */
  take(now: number): boolean {
    const { share, least, window } = RETRY_LIMITS;
    const most = Math.max(share * this.#requests.totalAt(now), least * window);
    if (this.#retries.totalAt(now) + 1 > most) return false;
    this.#retries.add(now);
    return true;
  }
}

function recentSeconds(): RecentCount {
  return new RecentCount(RETRY_LIMITS.window * 1_000, RETRY_LIMITS.window);
}
