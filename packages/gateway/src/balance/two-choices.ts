import { tierOf, type Balance, type Candidate, type PickContext } from "./candidate.js";
import { WeightedDraw } from "./weighted-draw.js";

/** Pairs that are drawn before all candidates are compared. */
const DRAWS = 3;

/**
 * Draws two candidates at random, by weight, and picks the one with the lower cost. That is nearly as even as the
 * lowest cost of all, takes the same time in pools of any size, and never sends a burst of requests to one candidate.
 */
export class TwoChoices implements Balance {
  readonly #cost: (candidate: Candidate, now: number) => number;
  readonly #draw: WeightedDraw;

  constructor(cost: (candidate: Candidate, now: number) => number, random: () => number) {
    this.#cost = cost;
    this.#draw = new WeightedDraw(random);
  }

  pick<Each extends Candidate>(
    candidates: readonly Each[],
    { startedAt }: Pick<PickContext, "startedAt">,
    except?: readonly Each[],
  ): Each | undefined {
    const count = candidates.length;
    if (count < 2) return except === undefined ? candidates[0] : this.#draw.ofBest(candidates, except);
    for (let n = 0; n < DRAWS; n++) {
      const first = this.#draw.position(candidates);
      let second = this.#draw.position(candidates);
      if (second === first) second = (first + 1) % count;
      const picked = this.#cheaper(candidates[first] as Each, candidates[second] as Each, startedAt, except);
      if (picked !== undefined) return picked;
    }
    return this.#draw.ofBest(candidates, except);
  }

  /** @returns undefined if neither is to be preferred to other candidates */
  #cheaper<Each extends Candidate>(
    first: Each,
    second: Each,
    now: number,
    except: readonly Each[] | undefined,
  ): Each | undefined {
    const isSecondGood = tierOf(second, except) === 0;
    if (tierOf(first, except) !== 0) return isSecondGood ? second : undefined;
    return isSecondGood && this.#cost(second, now) < this.#cost(first, now) ? second : first;
  }
}
