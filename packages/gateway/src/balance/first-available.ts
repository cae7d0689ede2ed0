import { tierOf, type Balance, type Candidate, type PickContext } from "./candidate.js";

/** Picks the first candidate that is available, so that the others are reserves. If none is, the first suspect one. */
export class FirstAvailable implements Balance {
  pick<Each extends Candidate>(
    candidates: readonly Each[],
    _context?: PickContext,
    except?: readonly Each[],
  ): Each | undefined {
    let best: Each | undefined;
    let bestTier = 3;
    for (const candidate of candidates) {
      const tier = tierOf(candidate, except);
      if (tier === 0) return candidate;
      if (tier >= bestTier) continue;
      best = candidate;
      bestTier = tier;
    }
    return best;
  }
}
