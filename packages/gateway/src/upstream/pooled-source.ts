import type { PoolMember } from "./pool-member.js";
import type { TargetSource } from "./pool.js";
import type { PooledTarget } from "./pooled-target.js";

/**
 * The targets of a source as members of one pool. A target that remains in the source with the same
 * weight stays the same member.
 */
export class PooledSource implements TargetSource {
  readonly #source: TargetSource;
  readonly #create: (target: PoolMember) => PooledTarget;
  #seen: readonly PoolMember[] = [];
  #targets: readonly PooledTarget[] = [];
  /** Those of the targets when their members were created. */
  readonly #weights = new WeakMap<PoolMember, number>();

  constructor(source: TargetSource, create: (target: PoolMember) => PooledTarget) {
    this.#source = source;
    this.#create = create;
  }

  get targets(): readonly PoolMember[] {
    const { targets } = this.#source;
    if (targets === this.#seen) return this.#targets;
    this.#seen = targets;
    const before = this.#targets;
    this.#targets = targets.map(
      (target) => before.find((each) => this.#isMember(each, target)) ?? this.#createMember(target),
    );
    return this.#targets;
  }

  #isMember(member: PooledTarget, target: PoolMember): boolean {
    return member.target === target && this.#weights.get(target) === target.weight;
  }

  #createMember(target: PoolMember): PooledTarget {
    this.#weights.set(target, target.weight);
    return this.#create(target);
  }
}
