import { StickyCookie } from "../balance/sticky-cookie.js";
import { createBalance } from "../balance/strategy.js";
import type { RouteLimits } from "../limits.js";
import type { Labelled } from "../records/labelled-traffic.js";
import { TARGET_HOST, type FinishedRequest, type PathEdit, type UpstreamRoute } from "../route.js";
import { pathEdit } from "../routing/index.js";
import { PooledSource } from "../upstream/pooled-source.js";
import { PooledTarget, type TargetState } from "../upstream/pooled-target.js";
import type { PoolMember } from "../upstream/pool-member.js";
import { Pool, type TargetSource } from "../upstream/pool.js";
import { Target } from "../upstream/target.js";
import type { GatewayRoute, OnRouted } from "./gateway-route.js";
import type { ForwardAction, RouteOptions } from "./service-options.js";
import type { Member, Targets } from "./targets.js";

export interface ForwardDependencies {
  targets: Targets;
  counted: Labelled;
  onRouted: OnRouted;
  /** Returns the secret by which cookies are signed. */
  cookieKey: () => string;
}

/** A route that sends requests to targets. */
export class ForwardRoute implements GatewayRoute, UpstreamRoute {
  readonly kind = "upstream";
  readonly options: RouteOptions;
  readonly counted: Labelled;
  readonly pool: Pool;
  readonly hostHeader: string | typeof TARGET_HOST;
  readonly pathEdit: PathEdit;
  readonly limits: RouteLimits;
  readonly sticky: StickyCookie | undefined;
  readonly #targets: Targets;
  readonly #members: readonly Member[];
  readonly #onRouted: OnRouted;

  /**
   * @param former the route of the same name before a reload: what it knows of its targets is kept
   * @throws RangeError for a template, or a key for the choice of targets, that is not valid.
   */
  constructor(
    options: RouteOptions,
    action: ForwardAction,
    { targets, counted, onRouted, cookieKey }: ForwardDependencies,
    former?: ForwardRoute,
  ) {
    const { targets: given, balance = { strategy: "round_robin" }, stripPrefix, rewrite, hostHeader, limits } = action;
    const weights = given.map(({ weight = 1 }) => weight);
    this.options = options;
    this.counted = counted;
    this.pathEdit = pathEdit(options.match.path, { stripPrefix, rewrite });
    this.hostHeader = hostHeader ?? TARGET_HOST;
    this.limits = limits;
    this.#targets = targets;
    this.#onRouted = onRouted;
    const policy = createBalance(
      balance,
      weights.every((weight) => weight === weights[0]),
    );
    if (balance.sticky === "cookie") {
      const { name: route, match } = options;
      this.sticky = new StickyCookie({ first: policy, key: cookieKey(), route, path: match.path });
    }
    this.#members = targets.use(given);
    const create = (target: Target, weight: number): PooledTarget =>
      new PooledTarget(target, weight, former?.stateOf(target));
    this.pool = new Pool(
      this.#members.map((member, n) => pooled(member, weights, n, create)),
      this.sticky ?? policy,
    );
  }

  get targets(): readonly PoolMember[] {
    return this.pool.targets;
  }

  /** What is known of a target of this route; undefined if it has none such. */
  stateOf(target: Target): TargetState | undefined {
    for (const member of this.pool.targets)
      if (member instanceof PooledTarget && member.target === target) return member.state;
    return undefined;
  }

  destination(): UpstreamRoute {
    return this;
  }

  onFinished(request: FinishedRequest): void {
    this.#onRouted(request, this);
  }

  close(): void {
    for (const member of this.#members) this.#targets.release(member);
  }
}

/** A sole target with the usual weight needs no state of its own. */
function pooled(
  member: Member,
  weights: readonly number[],
  position: number,
  create: (target: Target, weight: number) => PooledTarget,
): PoolMember | TargetSource {
  const weight = weights[position]!;
  if (!(member instanceof Target)) return new PooledSource(member, (target) => create(target, weight));
  return weights.length === 1 && weight === 1 ? member : create(member, weight);
}
