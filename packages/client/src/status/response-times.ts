import { DURATION_BOUNDS } from "@postern/protocol/constants";

/** Upper bounds of the buckets in milliseconds; one more bucket holds the rest. They are those of the server's sums. */
export const RESPONSE_TIME_BOUNDS = DURATION_BOUNDS;

/** The duration of requests, as a histogram. */
export interface ResponseTimesReport {
  /** Upper bounds of the buckets in milliseconds; one more bucket follows the last. */
  bounds_ms: number[];
  /** Requests in each bucket, not cumulative: one more entry than bounds. */
  counts: number[];
  count: number;
  sum_ms: number;
  /** Interpolated within the bucket; null without requests. */
  p50_ms: number | null;
  p95_ms: number | null;
  p99_ms: number | null;
}

/** Counts the duration of requests in buckets. */
export class ResponseTimes {
  readonly #counts = Array.from({ length: RESPONSE_TIME_BOUNDS.length + 1 }, () => 0);
  #count = 0;
  #sum = 0;
  #fastest = Infinity;
  #slowest = 0;

  add(milliseconds: number): void {
    const time = Math.max(0, milliseconds);
    const found = RESPONSE_TIME_BOUNDS.findIndex((bound) => time <= bound);
    const bucket = found === -1 ? RESPONSE_TIME_BOUNDS.length : found;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#count++;
    this.#sum += time;
    this.#fastest = Math.min(this.#fastest, time);
    this.#slowest = Math.max(this.#slowest, time);
  }

  /** Adds requests that were counted elsewhere, in the same buckets. @param sum of their durations, in milliseconds. */
  addAll(counts: readonly number[], sum: number): void {
    for (const [bucket, count] of counts.entries()) {
      if (bucket >= this.#counts.length) return;
      this.#counts[bucket]! += count;
      this.#count += count;
    }
    this.#sum += sum;
  }

  /** Milliseconds; undefined without requests. */
  get average(): number | undefined {
    return this.#count === 0 ? undefined : this.#sum / this.#count;
  }

  report(): ResponseTimesReport {
    return {
      bounds_ms: [...RESPONSE_TIME_BOUNDS],
      counts: [...this.#counts],
      count: this.#count,
      sum_ms: rounded(this.#sum),
      p50_ms: this.#quantile(0.5),
      p95_ms: this.#quantile(0.95),
      p99_ms: this.#quantile(0.99),
    };
  }

  /**
   * Assumes an even distribution within a bucket, between the fastest and the slowest request. The last bucket counts
   * as its lower bound.
   */
  #quantile(share: number): number | null {
    if (this.#count === 0) return null;
    const rank = share * this.#count;
    let before = 0;
    for (const [bucket, count] of this.#counts.entries()) {
      const bound = RESPONSE_TIME_BOUNDS[bucket];
      if (bound === undefined) break;
      if (count > 0 && before + count >= rank) {
        const from = RESPONSE_TIME_BOUNDS[bucket - 1] ?? 0;
        const estimate = from + ((bound - from) * (rank - before)) / count;
        return rounded(Math.min(this.#slowest, Math.max(this.#fastest, estimate)));
      }
      before += count;
    }
    return RESPONSE_TIME_BOUNDS.at(-1) ?? null;
  }
}

/** Rounded to a tenth: more digits are noise. */
export function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}
