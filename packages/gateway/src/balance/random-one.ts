import { tierOf, type Balance, type Candidate, type PickContext } from "./candidate.js";
import { WeightedDraw } from "./weighted-draw.js";

/** Draws before all candidates are compared. */
const DRAWS = 4;

/** Picks a candidate at random, by share. */
export class RandomOne implements Balance {
  readonly #draw: WeightedDraw;

  constructor(random: () => number = Math.random) {
    this.#draw = new WeightedDraw(random);
  }

  pick<Each extends Candidate>(
    candidates: readonly Each[],
    _context?: PickContext,
    except?: readonly Each[],
  ): Each | undefined {
    if (candidates.length < 2 && except === undefined) return candidates[0];
    for (let n = 0; n < DRAWS && candidates.length > 0; n++) {
      const candidate = candidates[this.#draw.position(candidates)] as Each;
      if (tierOf(candidate, except) === 0 && this.#draw.takes(candidate)) return candidate;
    }
    return this.#draw.ofBest(candidates, except);
  }
}
