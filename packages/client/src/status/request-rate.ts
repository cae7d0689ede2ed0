/** The number of seconds that are kept. */
const SECONDS = 60;

/** The number of recent requests, counted per second. */
export class RequestRate {
  readonly #counts = Array.from({ length: SECONDS }, () => 0);
  /** The latest counted second. */
  #second = -Infinity;

  /** @param now milliseconds. */
  add(requests: number, now: number): void {
    this.#advance(Math.floor(now / 1_000));
    const slot = this.#second % SECONDS;
    this.#counts[slot] = (this.#counts[slot] ?? 0) + requests;
  }

  /** Requests in the last `seconds` seconds, at most 60, the current second included. */
  last(seconds: number, now: number): number {
    const present = Math.floor(now / 1_000);
    let sum = 0;
    for (let second = this.#second; second > present - seconds && second > this.#second - SECONDS; second--)
      sum += this.#counts[second % SECONDS] ?? 0;
    return sum;
  }

  #advance(second: number): void {
    // A clock that was set back by a minute or more restarts the count. After a smaller step back, requests count for
    // the latest second.
    if (second < this.#second - SECONDS || second >= this.#second + SECONDS) {
      this.#counts.fill(0);
      this.#second = second;
      return;
    }
    while (this.#second < second) this.#counts[++this.#second % SECONDS] = 0;
  }
}
