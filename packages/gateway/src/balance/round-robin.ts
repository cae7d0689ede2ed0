import { tierOf, type Balance, type Candidate } from "./candidate.js";

/**
 * Picks one candidate after the other. Available candidates take precedence over suspect ones, and suspect ones over
 * unavailable ones.
 */
export class RoundRobin implements Balance {
  #turn = -1;

  pick<Each extends Candidate>(candidates: readonly Each[]): Each | undefined {
    const count = candidates.length;
    if (count < 2) return candidates[0];
    let best = this.#turn + 1;
    let bestTier = Infinity;
    for (let n = 1; n <= count && bestTier > 0; n++) {
      const position = (this.#turn + n) % count;
      const tier = tierOf(candidates[position] as Each);
      if (tier >= bestTier) continue;
      best = position;
      bestTier = tier;
    }
    this.#turn = best;
    return candidates[best];
  }
}
