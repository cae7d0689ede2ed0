import type { Balance, PickContext } from "../balance/candidate.js";
import { LeastLoad } from "../balance/least-load.js";
import type { Target } from "./target.js";

/** Targets that change while their pool is used. */
export interface TargetSource {
  /** Another array after each change. */
  readonly targets: readonly Target[];
}

/** The targets behind a route. */
export class Pool {
  readonly #balance: Balance;
  readonly #members: readonly (Target | TargetSource)[];
  readonly #sources: readonly TargetSource[];
  /** The arrays of the sources of which `#targets` was made. */
  #seen: readonly (readonly Target[])[] = [];
  #targets: readonly Target[];

  constructor(members: readonly (Target | TargetSource)[], balance: Balance = new LeastLoad()) {
    this.#balance = balance;
    this.#members = members;
    this.#sources = members.filter(isSource);
    this.#targets = this.#collect();
  }

  get targets(): readonly Target[] {
    const seen = this.#seen;
    for (let n = 0; n < seen.length; n++) {
      if (this.#sources[n]?.targets !== seen[n]) return (this.#targets = this.#collect());
    }
    return this.#targets;
  }

  /**
   * The target for one request; undefined when there is none. It may be unavailable if all targets are.
   * @param except targets that cannot serve the request
   */
  pick(context: PickContext, except?: readonly Target[]): Target | undefined {
    const { targets } = this;
    const allowed = except === undefined ? targets : targets.filter((target) => !except.includes(target));
    return this.#balance.pick(allowed, context);
  }

  #collect(): readonly Target[] {
    this.#seen = this.#sources.map(({ targets }) => targets);
    return this.#members.flatMap((member) => (isSource(member) ? member.targets : [member]));
  }
}

function isSource(member: Target | TargetSource): member is TargetSource {
  return "targets" in member;
}
