/** Upper bounds in milliseconds; what takes longer is in one more bucket. */
export const RESPONSE_TIME_BOUNDS: readonly number[] = [
  1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000,
];

/** How long requests took, as a histogram. */
export interface ResponseTimesReport {
  /** Upper bounds of the buckets in milliseconds; beyond the last there is one more. */
  bounds_ms: number[];
  /** Requests in each bucket, not cumulated: one more than there are bounds. */
  counts: number[];
  count: number;
  sum_ms: number;
  /** Estimated within the bucket; null while there are no requests. */
  p50_ms: number | null;
  p95_ms: number | null;
  p99_ms: number | null;
}

/** Counts how long requests took, in a few buckets. */
export class ResponseTimes {
  readonly #counts = Array.from({ length: RESPONSE_TIME_BOUNDS.length + 1 }, () => 0);
  #count = 0;
  #sum = 0;

  add(milliseconds: number): void {
    const time = Math.max(0, milliseconds);
    const found = RESPONSE_TIME_BOUNDS.findIndex((bound) => time <= bound);
    const bucket = found === -1 ? RESPONSE_TIME_BOUNDS.length : found;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#count++;
    this.#sum += time;
  }

  /** Milliseconds; undefined while there are no requests. */
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

  /** Requests are taken to lie evenly in their bucket; those beyond the last bound, at it. */
  #quantile(share: number): number | null {
    if (this.#count === 0) return null;
    const rank = share * this.#count;
    let before = 0;
    for (const [bucket, count] of this.#counts.entries()) {
      const bound = RESPONSE_TIME_BOUNDS[bucket];
      if (bound === undefined) break;
      if (count > 0 && before + count >= rank) {
        const from = RESPONSE_TIME_BOUNDS[bucket - 1] ?? 0;
        return rounded(from + ((bound - from) * (rank - before)) / count);
      }
      before += count;
    }
    return RESPONSE_TIME_BOUNDS.at(-1) ?? null;
  }
}

/** To a tenth: more is noise. */
export function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}
