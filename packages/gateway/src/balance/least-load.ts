import { tierOf, type Balance, type Candidate, type PickContext } from "./candidate.js";
import { SlowCandidates } from "./slow-candidates.js";

/** Candidates that one pick compares, so that its cost does not grow with the pool. The next pick starts after it. */
const COMPARED = 32;

/**
 * A slow candidate is picked when the others have this many times as many requests in progress. Otherwise, if it
 * got one request in a hundred, it would set the 99th percentile of all of them.
 */
const SLOW = 32;

/**
 * Picks the candidate with the fewest requests in progress for its share, and alternates between equal candidates.
 * Available candidates take precedence over suspect ones, and suspect ones over unavailable ones. Candidates that are
 * much slower than the others get only what the others cannot bear, and one request from time to time.
 */
export class LeastLoad implements Balance {
  #turn = 0;
  /** Undefined until a request is known: the sessions of one client are equal. */
  #slow: SlowCandidates | undefined;

  pick<Each extends Candidate>(
    candidates: readonly Each[],
    context?: Pick<PickContext, "startedAt">,
    except?: readonly Each[],
  ): Each | undefined {
    const count = candidates.length;
    if (count < 2 && except === undefined) return candidates[0];
    if (count > 1 && context !== undefined) {
      const tried = (this.#slow ??= new SlowCandidates()).next(candidates, context.startedAt);
      if (tried !== undefined && except?.includes(tried) !== true) return tried;
    }
    const position = this.#best(candidates, (this.#turn + 1) % count, except);
    if (position < 0) return undefined;
    // After a candidate that was left out, the next one is not picked twice as often.
    this.#turn = position;
    return candidates[position];
  }

  /** A candidate that could be picked. Equal candidates do not alternate. */
  peek<Each extends Candidate>(candidates: readonly Each[]): Each | undefined {
    const count = candidates.length;
    return count < 2 ? candidates[0] : candidates[this.#best(candidates, this.#turn % count, undefined)];
  }

  /** The position of the best candidate, the first one from `start`; -1 if none may be picked. */
  #best(candidates: readonly Candidate[], start: number, except: readonly Candidate[] | undefined): number {
    const count = candidates.length;
    const slowest = this.#slow?.limit ?? Infinity;
    let best = -1;
    let bestTier = 3;
    let bestLoad = Infinity;
    for (let n = 0; n < count && (n < COMPARED || bestTier > 0); n++) {
      const position = start + n < count ? start + n : start + n - count;
      const candidate = candidates[position] as Candidate;
      // No state makes up for more load than that of a candidate without any fault.
      const load = loadOf(candidate, slowest);
      if (bestTier === 0 && load >= bestLoad) continue;
      const tier = tierOf(candidate, except);
      if (tier > bestTier || tier === 3 || (tier === bestTier && load >= bestLoad)) continue;
      best = position;
      bestTier = tier;
      bestLoad = load;
      if (tier === 0 && load === 0) break;
    }
    return best;
  }
}

function loadOf(candidate: Candidate, slowest: number): number {
  const { inUse, share } = candidate;
  if (slowest === Infinity || (candidate.latency?.level ?? -Infinity) <= slowest) return inUse / share;
  return (SLOW * (inUse + 1)) / share;
}
