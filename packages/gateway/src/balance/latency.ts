/** Milliseconds in which the weight of an observation falls to a third (1/e), also without any request. */
const DECAY = 5_000;
/** After this many milliseconds without a response, nothing is known of a target. */
const UNKNOWN = 10_000;

/**
 * How long a target takes until its response begins: a moving average that rises to each new peak at once and decays
 * with time, so that a target that was slow is tried again.
 */
export class Latency {
  #average = 0;
  #observedAt = -Infinity;

  /** A response began `elapsed` ms after its request was sent. */
  observe(elapsed: number, now: number): void {
    const before = this.#average;
    const kept = Math.exp(-Math.max(0, now - this.#observedAt) / DECAY);
    this.#average = elapsed > before * kept ? elapsed : before * kept + elapsed * (1 - kept);
    this.#observedAt = now;
  }

  /** The average in milliseconds; undefined if no response began recently. */
  at(now: number): number | undefined {
    const age = now - this.#observedAt;
    return age > UNKNOWN ? undefined : this.#average * Math.exp(-Math.max(0, age) / DECAY);
  }
}
