import { tierOf, type Balance, type Candidate } from "./candidate.js";

/**
 * Picks the candidate with the fewest requests in progress, and alternates between equal candidates. Available
 * candidates take precedence over suspect ones, and suspect ones over unavailable ones.
 */
export class LeastLoad implements Balance {
  #turn = 0;

  pick<Each extends Candidate>(candidates: readonly Each[]): Each | undefined {
    if (candidates.length > 1) this.#turn = (this.#turn + 1) % candidates.length;
    return this.peek(candidates);
  }

  /** A candidate that could be picked. Equal candidates do not alternate. */
  peek<Each extends Candidate>(candidates: readonly Each[]): Each | undefined {
    const count = candidates.length;
    let best = candidates[0];
    if (count < 2) return best;
    let bestTier = Infinity;
    let bestLoad = Infinity;
    for (let n = 0; n < count; n++) {
      const candidate = candidates[(this.#turn + n) % count] as Each;
      const tier = tierOf(candidate);
      const { inUse } = candidate;
      if (tier > bestTier || (tier === bestTier && inUse >= bestLoad)) continue;
      best = candidate;
      bestTier = tier;
      bestLoad = inUse;
    }
    return best;
  }
}
