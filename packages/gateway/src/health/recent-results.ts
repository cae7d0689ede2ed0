import { RecentCount } from "./recent-count.js";

/** The window is divided into this many parts. */
const PARTS = 10;
/** Shorter times count as this many milliseconds, because a difference below it is no fault. */
export const LEAST_LATENCY = 10;

/** How requests to a target have gone of late. */
export interface ResultSummary {
  readonly requests: number;
  /** The part of them that has not failed, 0 to 1. */
  readonly successRate: number;
  /**
   * The natural logarithm of the milliseconds until a response begins, on average, so that a few slow requests hardly
   * change it; undefined if too few responses are known.
   */
  readonly logLatency: number | undefined;
}

/** The results of requests to one target within a window of time. */
export class RecentResults {
  readonly #minRequests: number;
  readonly #requests: RecentCount;
  readonly #failures: RecentCount;
  readonly #timed: RecentCount;
  readonly #logLatencies: RecentCount;

  /**
   * @param window in milliseconds
   * @param minRequests requests below which nothing can be said
   */
  constructor(window: number, minRequests: number) {
    this.#minRequests = minRequests;
    this.#requests = new RecentCount(window, PARTS);
    this.#failures = new RecentCount(window, PARTS);
    this.#timed = new RecentCount(window, PARTS);
    this.#logLatencies = new RecentCount(window, PARTS);
  }

  /** A response begins after `elapsed` ms; NaN: that is not known. */
  onSuccess(elapsed: number, now: number): void {
    this.#requests.add(now);
    if (!(elapsed >= 0)) return;
    this.#timed.add(now);
    this.#logLatencies.add(now, Math.log(Math.max(elapsed, LEAST_LATENCY)));
  }

  onFailure(now: number): void {
    this.#requests.add(now);
    this.#failures.add(now);
  }

  /** A response breaks off whose beginning was a success. */
  onBreakOff(now: number): void {
    this.#failures.add(now);
  }

  /** Undefined after too few requests. */
  summary(now: number): ResultSummary | undefined {
    const requests = this.#requests.totalAt(now);
    if (requests < this.#minRequests) return undefined;
    const timed = this.#timed.totalAt(now);
    return {
      requests,
      // A response may break off long after it began.
      successRate: Math.max(0, 1 - this.#failures.totalAt(now) / requests),
      logLatency: timed < this.#minRequests ? undefined : this.#logLatencies.totalAt(now) / timed,
    };
  }

  clear(): void {
    for (const each of [this.#requests, this.#failures, this.#timed, this.#logLatencies]) each.clear();
  }
}
