import { tierOf, type Balance, type Candidate, type PickContext } from "./candidate.js";
import { hashOf, mixed } from "../hash.js";

/** Beyond this many candidates, the winners of hashes are remembered instead of found for each request. */
const MOST_COMPARED = 64;
/** Remembered hashes for each candidate. More make the shares more even; each takes 2 bytes. */
const SLOTS = 256;
/** Positions fit into 16 bits. */
const MOST_REMEMBERED = 65_535;

/**
 * Picks by a key of the request: requests with the same key get the same candidate while that one is available. Each
 * candidate has a score for each key, and the highest score wins (rendezvous hashing). If a candidate leaves, only its
 * own keys go to others: each of them to the candidate with the next score. The scores depend only on the names of the
 * candidates, so another process picks the same ones.
 */
export class Rendezvous implements Balance {
  readonly #keyOf: (context: PickContext) => string;
  #candidates: readonly Candidate[] = [];
  #seeds = new Uint32Array(0);
  /** Undefined if all weights are equal. */
  #weights: Float64Array | undefined;
  /** By the lower bits of a hash: the position of its winner and 1; 0: not known yet. Undefined for few candidates. */
  #winners: Uint16Array | undefined;

  constructor(keyOf: (context: PickContext) => string) {
    this.#keyOf = keyOf;
  }

  pick<Each extends Candidate>(
    candidates: readonly Each[],
    context: PickContext,
    except?: readonly Each[],
  ): Each | undefined {
    if (candidates.length < 2 && except === undefined) return candidates[0];
    if (candidates !== this.#candidates) this.#follow(candidates);
    const hash = hashOf(this.#keyOf(context));
    const winners = this.#winners;
    if (winners === undefined) return this.#pickOfAll(candidates, hash, except);
    const slot = hash & (winners.length - 1);
    if (winners[slot] === 0) winners[slot] = this.#winner(slot) + 1;
    const winner = candidates[winners[slot]! - 1] as Each;
    return tierOf(winner, except) === 0 ? winner : this.#pickOfAll(candidates, slot, except);
  }

  #pickOfAll<Each extends Candidate>(
    candidates: readonly Each[],
    hash: number,
    except: readonly Each[] | undefined,
  ): Each | undefined {
    let best: Each | undefined;
    let bestTier = 3;
    let bestScore = -Infinity;
    for (let position = 0; position < candidates.length; position++) {
      const candidate = candidates[position] as Each;
      const tier = tierOf(candidate, except);
      if (tier > bestTier || tier === 3) continue;
      const score = this.#score(hash, position);
      if (tier === bestTier && score <= bestScore) continue;
      best = candidate;
      bestTier = tier;
      bestScore = score;
    }
    return best;
  }

  /** The position of the candidate with the highest score, whatever its state. */
  #winner(hash: number): number {
    let best = 0;
    let bestScore = -Infinity;
    for (let position = 0; position < this.#seeds.length; position++) {
      const score = this.#score(hash, position);
      if (score <= bestScore) continue;
      best = position;
      bestScore = score;
    }
    return best;
  }

  #score(hash: number, position: number): number {
    const bits = mixed(hash ^ this.#seeds[position]!);
    // The logarithm makes the chance to win proportional to the weight.
    return this.#weights === undefined ? bits : this.#weights[position]! / -Math.log((bits + 0.5) / 0x1_0000_0000);
  }

  #follow(candidates: readonly Candidate[]): void {
    this.#candidates = candidates;
    const seen = new Map<string, number>();
    this.#seeds = Uint32Array.from(candidates, ({ name = "" }) => {
      const same = seen.get(name) ?? 0;
      seen.set(name, same + 1);
      return hashOf(same === 0 ? name : `${name} ${same}`);
    });
    const areEqual = candidates.every(({ weight }) => weight === candidates[0]?.weight);
    this.#weights = areEqual ? undefined : Float64Array.from(candidates, ({ weight }) => weight);
    const count = candidates.length;
    const isRemembered = count > MOST_COMPARED && count < MOST_REMEMBERED;
    this.#winners = isRemembered ? new Uint16Array(2 ** Math.ceil(Math.log2(count * SLOTS))) : undefined;
  }
}
