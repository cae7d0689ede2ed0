export const RETRY_LIMITS = {
  /** Retries of requests that may have been delivered, as a part of all requests. */
  share: 0.2,
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
  /** By the second, modulo the window. */
  readonly #requests = new Uint32Array(RETRY_LIMITS.window);
  readonly #retries = new Uint32Array(RETRY_LIMITS.window);
  /** The latest second that is counted. */
  #second = -Infinity;

  /** A request begins. @param now in milliseconds */
  onRequest(now: number): void {
    this.#requests[this.#slot(now)]! += 1;
  }

  /** Whether a request may be retried. A retry that is allowed is counted. */
  take(now: number): boolean {
    const slot = this.#slot(now);
    const { share, least, window } = RETRY_LIMITS;
    const most = Math.max(share * sum(this.#requests), least * window);
    if (sum(this.#retries) + 1 > most) return false;
    this.#retries[slot]! += 1;
    return true;
  }

  #slot(now: number): number {
    const { window } = RETRY_LIMITS;
    const second = Math.floor(now / 1_000);
    for (let each = Math.max(this.#second + 1, second - window + 1); each <= second; each++)
      this.#requests[each % window] = this.#retries[each % window] = 0;
    this.#second = Math.max(this.#second, second);
    return second % window;
  }
}

function sum(counts: Uint32Array): number {
  let total = 0;
  for (const count of counts) total += count;
  return total;
}
