import { tierOf, type Candidate } from "./candidate.js";

/** A slow candidate takes more than this many times as long as the fastest one, and more than MARGIN longer. */
const RATIO = 2;
/** Milliseconds that make no difference. */
const MARGIN = 2;
/** Milliseconds between two comparisons of all candidates. */
const COMPARISON = 100;
/** One in this many requests tries a slow candidate: few enough that it does not set the 99th percentile. */
const ROUND = 256;
/** Milliseconds after its last response before a slow candidate is tried. */
const REST = 1_000;

/** Which candidates of a pool are much slower than its fastest one, and when they are tried all the same. */
export class SlowCandidates {
  #limit = Infinity;
  #compared: readonly Candidate[] | undefined;
  #comparesAt = -Infinity;
  #requests = 0;

  /** The level of latency above which a candidate is slow; Infinity: none is. */
  get limit(): number {
    return this.#limit;
  }

  /** A request arrives. @returns a slow candidate that is to get it, so that it can show that it has recovered. */
  next<Each extends Candidate>(candidates: readonly Each[], now: number): Each | undefined {
    if (now >= this.#comparesAt || candidates !== this.#compared) this.#compare(candidates, now);
    if (this.#limit === Infinity || ++this.#requests < ROUND) return undefined;
    this.#requests = 0;
    return this.#oldest(candidates, now);
  }

  #compare(candidates: readonly Candidate[], now: number): void {
    this.#compared = candidates;
    this.#comparesAt = now + COMPARISON;
    this.#limit = Infinity;
    let lowest = Infinity;
    let highest = -Infinity;
    for (const candidate of candidates) {
      const level = candidate.latency?.level;
      if (level === undefined || level === -Infinity || tierOf(candidate, undefined) !== 0) continue;
      lowest = Math.min(lowest, level);
      highest = Math.max(highest, level);
    }
    const limit = Math.log(RATIO * Math.exp(lowest) + MARGIN);
    if (highest > limit) this.#limit = limit;
  }

  /** The slow candidate without requests of which nothing has been known for the longest time. */
  #oldest<Each extends Candidate>(candidates: readonly Each[], now: number): Each | undefined {
    let oldest: Each | undefined;
    let observedAt = now - REST;
    for (const candidate of candidates) {
      const { latency } = candidate;
      if (latency === undefined || latency.level <= this.#limit || latency.observedAt > observedAt) continue;
      if (candidate.inUse > 0 || tierOf(candidate, undefined) !== 0) continue;
      oldest = candidate;
      ({ observedAt } = latency);
    }
    return oldest;
  }
}
