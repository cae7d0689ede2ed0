import {
  createBalance,
  type Balance,
  type BalanceOptions,
  type Candidate,
  type PickContext,
  type Strategy,
} from "@postern/gateway";

/** The policy of a group, whose strategy its clients can change. */
export class GroupBalance implements Balance {
  readonly #sticky: BalanceOptions["sticky"];
  #strategy: Strategy;
  #policy: Balance;

  constructor(strategy: Strategy, sticky: BalanceOptions["sticky"]) {
    this.#sticky = sticky;
    this.#strategy = strategy;
    this.#policy = this.#create();
  }

  get strategy(): Strategy {
    return this.#strategy;
  }

  set strategy(strategy: Strategy) {
    if (strategy === this.#strategy) return;
    this.#strategy = strategy;
    this.#policy = this.#create();
  }

  pick<Each extends Candidate>(
    candidates: readonly Each[],
    context: PickContext,
    except?: readonly Each[],
  ): Each | undefined {
    return this.#policy.pick(candidates, context, except);
  }

  #create(): Balance {
    return createBalance({ strategy: this.#strategy, sticky: this.#sticky }, false);
  }
}
