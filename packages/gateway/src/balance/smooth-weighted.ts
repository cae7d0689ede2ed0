import { tierOf, type Balance, type Candidate, type PickContext } from "./candidate.js";

/** Turns of unavailable candidates that one pick passes over before it compares all candidates. */
const PASSED = 4;

/**
 * Picks each candidate as often as its share says, evenly spread: with the shares 2 and 1 in the order a b a. Each has
 * the time of its next turn, which advances by 1/share with every pick; the earliest turn is next. A heap orders the
 * turns. A candidate that cannot be picked when its turn comes loses it, so it does not catch up later.
 */
export class SmoothWeighted implements Balance {
  #candidates: readonly Candidate[] = [];
  /** Positions of the candidates; a binary heap by the times of their turns. */
  #heap: number[] = [];
  /** By the positions of the candidates. */
  #turns = new Float64Array(0);
  /** The turn that was taken last. */
  #now = 0;

  pick<Each extends Candidate>(
    candidates: readonly Each[],
    _context?: PickContext,
    except?: readonly Each[],
  ): Each | undefined {
    if (candidates !== this.#candidates) this.#follow(candidates);
    if (candidates.length < 2 && except === undefined) return candidates[0];
    for (let n = 0; n < Math.min(PASSED, candidates.length); n++) {
      const candidate = candidates[this.#heap[0]!] as Each;
      const isPicked = tierOf(candidate, except) === 0;
      if (isPicked) this.#now = this.#turns[this.#heap[0]!]!;
      this.#advance(0, candidate.share);
      if (isPicked) return candidate;
    }
    return this.#pickOfAll(candidates, except);
  }

  /** The candidate with the earliest turn among those of the best tier. */
  #pickOfAll<Each extends Candidate>(candidates: readonly Each[], except?: readonly Each[]): Each | undefined {
    let best = -1;
    let bestTier = 3;
    let bestTurn = Infinity;
    for (const [at, position] of this.#heap.entries()) {
      const tier = tierOf(candidates[position] as Each, except);
      const turn = this.#turns[position]!;
      if (tier > bestTier || tier === 3 || (tier === bestTier && turn >= bestTurn)) continue;
      best = at;
      bestTier = tier;
      bestTurn = turn;
    }
    if (best < 0) return undefined;
    const picked = candidates[this.#heap[best]!] as Each;
    this.#now = bestTurn;
    this.#advance(best, picked.share);
    return picked;
  }

  /** Those that remain keep their turns. New ones do not get the turns that they have missed. */
  #follow(candidates: readonly Candidate[]): void {
    const before = new Map(this.#candidates.map((candidate, position) => [candidate, this.#turns[position]!]));
    // Half a period: the first turns are as evenly spread as the others.
    this.#turns = Float64Array.from(candidates, (each) => before.get(each) ?? this.#now + 0.5 / each.share);
    this.#heap = candidates.map((_, position) => position);
    this.#heap.sort((one, other) => this.#turns[one]! - this.#turns[other]! || one - other);
    this.#candidates = candidates;
  }

  /** Gives the candidate at `at` in the heap its next turn. */
  #advance(at: number, share: number): void {
    const heap = this.#heap;
    const turns = this.#turns;
    const position = heap[at]!;
    const turn = Math.max(turns[position]!, this.#now) + 1 / share;
    turns[position] = turn;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && turns[heap[child + 1]!]! < turns[heap[child]!]!) child++;
      if (turns[heap[child]!]! >= turn) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = position;
  }
}
