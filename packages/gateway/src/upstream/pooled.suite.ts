import { RoundRobin } from "../balance/round-robin.js";
import { FakeClock } from "../deadlines/fake-clock.suite.js";
import { FakeUpstream } from "../exchange/fake-visitors.suite.js";
import type { AttemptOutcome } from "./attempt.js";
import type { PoolMember } from "./pool-member.js";
import type { PooledTarget } from "./pooled-target.js";
import { PooledTargets, type HealthOptions } from "./pooled-targets.js";
import { Pool } from "./pool.js";
import { Target } from "./target.js";

/** A pool of targets in memory, which all have the weight 1. */
export class Pooled {
  readonly clock: FakeClock;
  readonly targets: readonly Target[];
  readonly pooled: PooledTargets;
  readonly pool: Pool;
  readonly changes: string[] = [];
  /** Why targets were ejected or became unhealthy. */
  readonly reasons: string[] = [];

  constructor(options: HealthOptions, targets: number | readonly Target[], former?: Pooled) {
    this.clock = former?.clock ?? new FakeClock();
    this.targets =
      typeof targets === "number"
        ? Array.from({ length: targets }, (_, n) => new Target(new FakeUpstream({ authority: `t${n}:80` })))
        : targets;
    this.pooled = new PooledTargets(
      options,
      former?.pooled,
      (_, change) => {
        this.changes.push(change.kind);
        if ("reason" in change) this.reasons.push(change.reason);
      },
      this.clock,
    );
    const members = this.targets.map((target) => ({ target, weight: 1 }));
    this.pool = new Pool(
      this.pooled.membersOf(members, () => this.pool.candidates),
      new RoundRobin(),
    );
  }

  member(position: number): PooledTarget {
    return this.pool.targets[position] as PooledTarget;
  }

  /** An attempt begins. @returns its epoch */
  begin(member: PoolMember): number {
    member.open(this.clock.now());
    return member.epoch ?? 0;
  }

  /** An attempt that ends at once. `status` is that of a response which has begun after `elapsed` ms; 0: none has. */
  attempt(member: PoolMember, outcome: AttemptOutcome, status = 0, elapsed = 1): void {
    const epoch = this.begin(member);
    if (status !== 0) member.onResponse?.(status, elapsed, epoch);
    member.onAttempt(outcome, status, epoch);
  }

  /** Whether each target gets requests while others can. */
  get usable(): boolean[] {
    return this.pool.targets.map(({ available, suspect }) => available && !suspect);
  }
}
