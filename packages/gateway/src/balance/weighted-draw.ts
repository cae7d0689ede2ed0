import { tierOf, type Candidate } from "./candidate.js";

/** Draws candidates at random, each as often as its share says. */
export class WeightedDraw {
  readonly #random: () => number;
  #candidates: readonly Candidate[] = [];
  /** For each candidate, the sum of its weight and those before it. Undefined if all weights are equal. */
  #sums: Float64Array | undefined;

  /** @param random a number of at least 0 and less than 1 */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** The position of a candidate, by weight. There must be one. */
  position(candidates: readonly Candidate[]): number {
    if (candidates !== this.#candidates) this.#follow(candidates);
    const sums = this.#sums;
    if (sums === undefined) return Math.floor(this.#random() * candidates.length);
    const drawn = this.#random() * sums.at(-1)!;
    let [low, high] = [0, sums.length - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (sums[middle]! > drawn) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Whether a candidate that was drawn by its weight is taken: during a slow start, only sometimes. */
  takes({ weight, share }: Candidate): boolean {
    return share >= weight || this.#random() * weight < share;
  }

  /** One of the candidates of the best tier, by share, in a time that grows with their number. */
  ofBest<Each extends Candidate>(candidates: readonly Each[], except?: readonly Each[]): Each | undefined {
    let best: Each | undefined;
    let bestTier = 3;
    let sum = 0;
    for (const candidate of candidates) {
      const tier = tierOf(candidate, except);
      if (tier > bestTier || tier === 3) continue;
      if (tier < bestTier) sum = 0;
      bestTier = tier;
      sum += candidate.share;
      if (this.#random() * sum < candidate.share) best = candidate;
    }
    return best;
  }

  #follow(candidates: readonly Candidate[]): void {
    this.#candidates = candidates;
    const [first] = candidates;
    let sum = 0;
    this.#sums = candidates.every(({ weight }) => weight === first?.weight)
      ? undefined
      : Float64Array.from(candidates, ({ weight }) => (sum += weight));
  }
}
