/** A histogram of durations. Its counts are plain numbers, because it is updated for every request. */
export class Durations {
  readonly #bounds: readonly number[];
  /** In each bucket. */
  readonly counts: number[];
  #sum = 0;

  /** @param bounds upper bounds of the buckets, ascending; one more bucket holds the rest. */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  add(duration: number): void {
    let bucket = 0;
    while (bucket < this.#bounds.length && duration > this.#bounds[bucket]!) bucket++;
    this.counts[bucket]! += 1;
    this.#sum += duration;
  }

  get sum(): number {
    return this.#sum;
  }

  /** For each bound, the durations up to it; for Infinity, all of them. */
  cumulative(): [bound: number, count: number][] {
    let count = 0;
    return this.counts.map((inBucket, n) => [this.#bounds[n] ?? Infinity, (count += inBucket)]);
  }
}
