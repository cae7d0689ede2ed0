import { RecentCount } from "../health/recent-count.js";

/** Seconds over which requests are counted. */
const WINDOW = 10;

/** Finished requests per second. */
export class RequestRate {
  readonly #recent = new RecentCount(WINDOW * 1_000, WINDOW);

  /** @param now monotonic time in milliseconds */
  count(now: number): void {
    this.#recent.add(now);
  }

  /** The average of the last 10 seconds. */
  perSecond(now: number): number {
    // The second that has just begun is not over.
    const elapsed = WINDOW - 1 + (now % 1_000) / 1_000;
    return this.#recent.totalAt(now) / elapsed;
  }
}
