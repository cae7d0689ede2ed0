/** Milliseconds in which the weight of an observation falls to a third (1/e), also without any request. */
const DECAY = 5_000;
/** After this many milliseconds without a response, nothing is known of a target. */
const UNKNOWN = 10_000;

/** Responses of which `level` is the mean. A part of them is no sample of a service that is fast and slow by turns. */
const SAMPLES = 64;
/** Responses before the usual time is known: the first ones of a new service are slow. */
const FEWEST = 8;
/** Milliseconds without a response after which a faster one counts for most of `level`. */
const RECOVERY = 10_000;
/** Shorter times are equal, in milliseconds. */
const SHORTEST = 0.1;

/**
 * How long a target takes until its response begins: a moving average that rises to each new peak at once and decays
 * with time, so that a target that was slow is tried again.
 */
export class Latency {
  #average = 0;
  #observedAt = -Infinity;
  #level = 0;
  #count = 0;

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

  /**
   * The usual time: the natural logarithm of the geometric mean of the last times in milliseconds, which single peaks
   * hardly change. -Infinity: too few responses have begun.
   */
  get level(): number {
    return this.#count < FEWEST ? -Infinity : this.#level;
  }

  /** When a response last began, or failed; -Infinity before. */
  get observedAt(): number {
    return this.#observedAt;
  }

  /**
   * A response of the usual kind began `elapsed` ms after its request was sent. Call it before `observe`. Errors are of
   * another kind: they are often fast, or as slow as a time limit.
   */
  observeUsual(elapsed: number, now: number): void {
    const observed = Math.log(Math.max(elapsed, SHORTEST));
    if (this.#count < SAMPLES) this.#count += 1;
    const ordinary = 1 / this.#count;
    // A rarely used target that responds faster than before has recovered.
    const recent = observed < this.#level ? 1 - Math.exp((this.#observedAt - now) / RECOVERY) : 0;
    this.#level += (observed - this.#level) * Math.max(ordinary, recent);
  }
}
