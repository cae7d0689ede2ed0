import { tierOf, type Balance, type Candidate, type PickContext } from "./candidate.js";

/** Candidates that one pick compares, so that its cost does not grow with the pool. The next pick starts one later. */
const COMPARED = 32;

/**
 * Picks the candidate with the fewest requests in progress for its share, and alternates between equal candidates.
 * Available candidates take precedence over suspect ones, and suspect ones over unavailable ones.
 */
export class LeastLoad implements Balance {
  #turn = 0;

  pick<Each extends Candidate>(
    candidates: readonly Each[],
    _context?: PickContext,
    except?: readonly Each[],
  ): Each | undefined {
    if (candidates.length > 1) this.#turn = (this.#turn + 1) % candidates.length;
    return this.peek(candidates, except);
  }

  /** A candidate that could be picked. Equal candidates do not alternate. */
  peek<Each extends Candidate>(candidates: readonly Each[], except?: readonly Each[]): Each | undefined {
    const count = candidates.length;
    if (count < 2 && except === undefined) return candidates[0];
    let best: Each | undefined;
    let bestTier = 3;
    let bestLoad = Infinity;
    for (let n = 0; n < count && (n < COMPARED || bestTier > 0); n++) {
      const candidate = candidates[(this.#turn + n) % count] as Each;
      // No state makes up for more load than that of a candidate without any fault.
      const load = candidate.inUse / candidate.share;
      if (bestTier === 0 && load >= bestLoad) continue;
      const tier = tierOf(candidate, except);
      if (tier > bestTier || tier === 3 || (tier === bestTier && load >= bestLoad)) continue;
      best = candidate;
      bestTier = tier;
      bestLoad = load;
      if (tier === 0 && load === 0) break;
    }
    return best;
  }
}
