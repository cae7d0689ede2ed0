import { Latency } from "../balance/latency.js";
import { contentOf } from "../content.js";
import { SYSTEM_CLOCK, type Clock } from "../deadlines/clock.js";
import { CircuitBreaker, type BreakerOptions } from "../health/circuit-breaker.js";
import { Ejection, type EjectionOptions } from "../health/ejection.js";
import { Epochs } from "../health/epochs.js";
import { findOutliers } from "../health/outliers.js";
import { PooledSource } from "./pooled-source.js";
import { Verdict, type VerdictOptions } from "../health/verdict.js";
import { PooledTarget, type TargetChange, type TargetPool, type TargetState } from "./pooled-target.js";
import type { PoolMember } from "./pool-member.js";
import type { TargetSource } from "./pool.js";

/** How requests decide whether a target of a pool is used. */
export interface HealthOptions {
  /** `statuses` are those of responses that count as failures. Default: there is no circuit breaker. */
  readonly breaker?: (BreakerOptions & { readonly statuses: readonly number[] }) | undefined;
  /** Default: no target is ejected. */
  readonly ejection?: EjectionOptions | undefined;
  /** Milliseconds in which the share of a target grows to its weight after it was not usable. Default 0. */
  readonly slowStart?: number | undefined;
  /** One for each health check. Default: none. */
  readonly checks?: readonly VerdictOptions[] | undefined;
}

/** Milliseconds between two comparisons of the targets of a pool. */
const COMPARISON = 1_000;

export type OnTargetChange = (target: PooledTarget, change: TargetChange) => void;

/** The targets of one pool with their states. */
export class PooledTargets implements TargetPool {
  readonly #options: HealthOptions;
  /** The options and states before a reload. Not its whole pool, which would refer to all earlier ones. */
  readonly #formerOptions: HealthOptions;
  readonly #formerStates: WeakMap<PoolMember, TargetState> | undefined;
  readonly #clock: Clock;
  readonly #onChange: OnTargetChange;
  readonly #failures: ReadonlySet<number> | undefined;
  readonly #states = new WeakMap<PoolMember, TargetState>();
  /** The members of the pool at present. */
  #members: () => readonly PoolMember[] = () => [];
  /** The members for which `#areUnhealthy` says whether all of them are unhealthy. */
  #judged: readonly PoolMember[] | undefined;
  #areUnhealthy = false;
  /** When the targets are compared again; Infinity: never. */
  #comparesAt: number;

  /** @param former those of the same route before a reload: states that still have the same options are kept */
  constructor(
    options: HealthOptions,
    former?: PooledTargets,
    onChange: OnTargetChange = () => {},
    clock: Clock = SYSTEM_CLOCK,
  ) {
    this.#options = options;
    this.#formerOptions = former === undefined ? {} : former.#options;
    this.#formerStates = former === undefined ? undefined : former.#states;
    this.#onChange = onChange;
    this.#clock = clock;
    this.#failures = options.breaker && new Set(options.breaker.statuses);
    this.#comparesAt = options.ejection?.outliers === undefined ? Infinity : -Infinity;
  }

  /**
   * Members for a pool, for targets and their weights. A target that leaves its source and returns has its former
   * state. A sole target without a circuit breaker needs no state.
   * @param members returns the members of that pool
   */
  membersOf(
    targets: readonly { target: PoolMember | TargetSource; weight: number }[],
    members: () => readonly PoolMember[],
  ): (PoolMember | TargetSource)[] {
    this.#members = members;
    return targets.map(({ target, weight }) => {
      if ("targets" in target)
        return new PooledSource(target, (each) => this.#create(each, weight * each.weight, this.#states.get(each)));
      const { breaker, checks = [] } = this.#options;
      const isPlain = targets.length === 1 && weight === 1 && breaker === undefined && checks.length === 0;
      return isPlain ? target : this.#create(target, weight);
    });
  }

  get ignoresVerdicts(): boolean {
    const members = this.#members();
    if (members === this.#judged) return this.#areUnhealthy;
    this.#judged = members;
    return (this.#areUnhealthy = members.every((each) => each instanceof PooledTarget && each.isUnhealthy));
  }

  /** Whether health checks can connect to none of the targets. */
  get areUnreachable(): boolean {
    return this.#members().every((each) => each instanceof PooledTarget && each.isUnreachable);
  }

  /** At most half of a pool is ejected, because the rest must be able to bear its load. */
  mayEject(now: number): boolean {
    const members = this.#members();
    let ejected = 1;
    for (const member of members) if (member instanceof PooledTarget && member.isEjectedAt(now)) ejected++;
    return 2 * ejected <= members.length;
  }

  /** Compares the targets from time to time: they need no timer while there are no requests. */
  onResult(now: number): void {
    if (now < this.#comparesAt) return;
    this.#comparesAt = now + COMPARISON;
    this.#compare(now);
  }

  onChange(target: PooledTarget, change: TargetChange): void {
    this.#judged = undefined;
    this.#onChange(target, change);
  }

  #create(target: PoolMember, weight: number, known?: TargetState): PooledTarget {
    const state = known ?? this.#stateOf(target);
    this.#states.set(target, state);
    const { slowStart } = this.#options;
    const clock = this.#clock;
    return new PooledTarget(target, { weight, state, failures: this.#failures, slowStart, pool: this, clock });
  }

  #stateOf(target: PoolMember): TargetState {
    const former = this.#formerStates?.get(target);
    const before = this.#formerOptions;
    const { breaker, ejection, checks = [] } = this.#options;
    const kept = {
      breaker: isSame(breaker, before.breaker) ? former?.breaker : undefined,
      ejection: isSame(ejection, before.ejection) ? former?.ejection : undefined,
      verdicts: isSame(checks, before.checks ?? []) ? former?.verdicts : undefined,
    };
    const epochs = former?.epochs ?? new Epochs();
    return {
      latency: former?.latency ?? new Latency(),
      epochs,
      breaker: kept.breaker ?? (breaker && new CircuitBreaker(breaker, this.#clock, epochs)),
      verdicts: kept.verdicts ?? checks.map((each) => new Verdict(each)),
      recoveredAt: former?.recoveredAt ?? -Infinity,
      lastFailure: former?.lastFailure,
      ejection: kept.ejection ?? (ejection && new Ejection(ejection, epochs)),
    };
  }

  #compare(now: number): void {
    const { outliers: options } = this.#options.ejection ?? {};
    if (options === undefined) return;
    const members = this.#members().filter((member) => member instanceof PooledTarget);
    const summaries = members.map(({ state }) => state.ejection?.recent?.summary(now));
    const outliers = findOutliers(summaries, options);
    const found = new Set<number>();
    for (const outlier of outliers) {
      if (found.has(outlier.position)) continue;
      found.add(outlier.position);
      members[outlier.position]?.onOutlier(outlier, now);
    }
    for (const [position, { state }] of members.entries())
      if (summaries[position] !== undefined && !found.has(position)) state.ejection?.onInlier();
  }
}

function isSame(one: unknown, other: unknown): boolean {
  return contentOf(one) === contentOf(other);
}
