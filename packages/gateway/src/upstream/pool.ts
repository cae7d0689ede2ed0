import type { Balance, PickContext } from "../balance/candidate.js";
import { LeastLoad } from "../balance/least-load.js";
import type { Target } from "./target.js";

/** The targets behind a route. */
export class Pool {
  readonly targets: readonly Target[];
  readonly #balance: Balance;

  constructor(targets: readonly Target[], balance: Balance = new LeastLoad()) {
    this.targets = targets;
    this.#balance = balance;
  }

  /**
   * The target for one request; undefined when there is none. It may be unavailable if all targets are.
   * @param except targets that cannot serve the request
   */
  pick(context: PickContext, except?: readonly Target[]): Target | undefined {
    const targets = except === undefined ? this.targets : this.targets.filter((target) => !except.includes(target));
    return this.#balance.pick(targets, context);
  }
}
