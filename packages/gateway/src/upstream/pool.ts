import type { Balance, PickContext } from "../balance/candidate.js";
import { LeastLoad } from "../balance/least-load.js";
import type { PoolMember } from "./pool-member.js";
import { RetryBudget } from "./retry-budget.js";

/** Targets that change while their pool is used. */
export interface TargetSource {
  /** Another array after each change. */
  readonly targets: readonly PoolMember[];
}

/** Shared by all pools, because a server with many tunnels has many of them. */
const NONE: readonly never[] = [];

/** The targets behind a route. */
export class Pool {
  readonly #balance: Balance;
  readonly #members: readonly (PoolMember | TargetSource)[];
  readonly #sources: readonly TargetSource[];
  /** The arrays of the sources of which `#targets` was made. */
  #seen: readonly (readonly PoolMember[])[] = NONE;
  #targets: readonly PoolMember[] = NONE;
  #retryBudget: RetryBudget | undefined;
  /** Those that take requests. */
  #candidates: readonly PoolMember[] = NONE;
  #isPlural = false;

  constructor(members: readonly (PoolMember | TargetSource)[], balance: Balance = new LeastLoad()) {
    this.#balance = balance;
    this.#members = members;
    this.#sources = members.some(isSource) ? members.filter(isSource) : NONE;
    this.#collect();
  }

  /** All members, in the order in which they were given. */
  get targets(): readonly PoolMember[] {
    this.#update();
    return this.#targets;
  }

  /** Those that take requests: their weight is not 0. */
  get candidates(): readonly PoolMember[] {
    this.#update();
    return this.#candidates;
  }

  /** Whether there are several members, also if only one of them takes requests. */
  get isPlural(): boolean {
    this.#update();
    return this.#isPlural;
  }

  /**
   * The target for one request; undefined when there is none. It may be unavailable if all targets are.
   * @param except targets that cannot serve the request
   */
  pick(context: PickContext, except?: readonly PoolMember[]): PoolMember | undefined {
    return this.#balance.pick(this.candidates, context, except);
  }

  /** Limits the requests that are sent to another target although the first one may have received them. */
  get retryBudget(): RetryBudget {
    return (this.#retryBudget ??= new RetryBudget());
  }

  #update(): void {
    const seen = this.#seen;
    for (let n = 0; n < seen.length; n++) if (this.#sources[n]?.targets !== seen[n]) return this.#collect();
  }

  #collect(): void {
    if (this.#sources.length > 0) this.#seen = this.#sources.map(({ targets }) => targets);
    this.#targets = this.#members.flatMap((member) => (isSource(member) ? member.targets : [member]));
    this.#isPlural = this.#targets.length > 1;
    this.#candidates = this.#targets.every(takesRequests) ? this.#targets : this.#targets.filter(takesRequests);
  }
}

function takesRequests({ weight }: PoolMember): boolean {
  return weight > 0;
}

function isSource(member: PoolMember | TargetSource): member is TargetSource {
  return "targets" in member;
}
