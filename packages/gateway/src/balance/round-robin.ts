import { tierOf, type Balance, type Candidate, type PickContext } from "./candidate.js";

/**
 * Picks one candidate after the other, whatever their weights. Available candidates take precedence over suspect ones,
 * and suspect ones over unavailable ones.
 */
export class RoundRobin implements Balance {
  #turn = -1;

  pick<Each extends Candidate>(
    candidates: readonly Each[],
    _context?: PickContext,
    except?: readonly Each[],
  ): Each | undefined {
    const count = candidates.length;
    if (count < 2 && except === undefined) return candidates[0];
    let best = -1;
    let bestTier = 3;
    for (let n = 1; n <= count && bestTier > 0; n++) {
      const position = (this.#turn + n) % count;
      const tier = tierOf(candidates[position] as Each, except);
      if (tier >= bestTier) continue;
      best = position;
      bestTier = tier;
    }
    if (best < 0) return undefined;
    this.#turn = best;
    return candidates[best];
  }
}
