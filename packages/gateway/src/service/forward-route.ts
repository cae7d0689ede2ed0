import { StickyCookie } from "../balance/sticky-cookie.js";
import { createBalance } from "../balance/strategy.js";
import { TargetChecks } from "../checks/target-checks.js";
import type { RouteLimits } from "../limits.js";
import { Steps } from "../middleware/chain/steps.js";
import type { Labelled } from "../records/labelled-traffic.js";
import { TARGET_HOST, type AccessLogger, type FinishedRequest, type PathEdit, type UpstreamRoute } from "../route.js";
import { pathEdit } from "../routing/index.js";
import { PooledTarget, type TargetChange } from "../upstream/pooled-target.js";
import { PooledTargets } from "../upstream/pooled-targets.js";
import type { PoolMember } from "../upstream/pool-member.js";
import { Pool } from "../upstream/pool.js";
import type { GatewayRoute, OnRouted, RouteDependencies } from "./gateway-route.js";
import type { ForwardAction, RouteOptions } from "./service-options.js";
import type { TargetReport } from "../upstream/target-report.js";
import { nameOf, type Member, type Targets } from "./targets.js";
import { TunnelTargets } from "./tunnel-targets.js";

export interface ForwardDependencies extends RouteDependencies {
  targets: Targets;
  /** Returns the secret by which cookies are signed. */
  cookieKey: () => string;
  onTargetChange?: ((report: TargetReport) => void) | undefined;
}

/** A route that sends requests to targets. */
export class ForwardRoute implements GatewayRoute, UpstreamRoute {
  readonly kind = "upstream";
  readonly options: RouteOptions;
  readonly counted: Labelled;
  readonly accessLog: AccessLogger | null | undefined;
  readonly pool: Pool;
  readonly hostHeader: string | typeof TARGET_HOST;
  readonly pathEdit: PathEdit;
  readonly limits: RouteLimits;
  readonly sticky: StickyCookie | undefined;
  readonly #steps: Steps | undefined;
  readonly #tunnels: readonly TunnelTargets[];
  /** The steps of the tunnels for which `#allSteps` was made. */
  #tunnelSteps: readonly (Steps | undefined)[] = [];
  #allSteps: Steps | undefined;
  readonly #targets: Targets;
  readonly #members: readonly Member[];
  readonly #pooled: PooledTargets;
  readonly #checks: TargetChecks | undefined;
  readonly #onRouted: OnRouted;

  /**
   * @param former the route of the same name before a reload: what it knows of its targets is kept
   * @throws RangeError for a template, or a key for the choice of targets, that is not valid.
   */
  constructor(
    options: RouteOptions,
    action: ForwardAction,
    { targets, counted, steps, accessLog, onRouted, cookieKey, onTargetChange }: ForwardDependencies,
    former?: ForwardRoute,
  ) {
    const { targets: given, balance = { strategy: "round_robin" }, health = {}, checks = [] } = action;
    const { stripPrefix, rewrite, hostHeader, limits } = action;
    const weights = given.map(({ weight = 1 }) => weight);
    this.options = options;
    this.counted = counted;
    this.accessLog = accessLog;
    this.#steps = this.#allSteps = steps;
    this.pathEdit = pathEdit(options.match.path, { stripPrefix, rewrite });
    this.hostHeader = hostHeader ?? TARGET_HOST;
    this.limits = limits;
    this.#targets = targets;
    this.#onRouted = onRouted;
    // The clients of a tunnel have weights of their own.
    const isEven =
      (health.slowStart ?? 0) === 0 &&
      given.every(({ url, weight = 1 }) => weight === weights[0] && !url.startsWith("tunnel:"));
    const policy = createBalance(balance, isEven);
    if (balance.sticky === "cookie") {
      const { name: route, match } = options;
      this.sticky = new StickyCookie({ first: policy, key: cookieKey(), route, path: match.path });
    }
    this.#members = targets.use(given);
    this.#tunnels = this.#members.filter((member) => member instanceof TunnelTargets);
    this.#pooled = new PooledTargets(
      { ...health, checks },
      former === undefined ? undefined : former.#pooled,
      (target, change) => onTargetChange?.(this.#reportOf(target, change)),
    );
    const members = this.#members.map((target, n) => ({ target, weight: weights[n]! }));
    this.pool = new Pool(
      this.#pooled.membersOf(members, () => this.pool.candidates),
      this.sticky ?? policy,
    );
    if (checks.length > 0)
      this.#checks = new TargetChecks({ checks, targets: () => this.pool.targets.filter(isChecked) });
  }

  /** Those of the route, and those of all tunnels among its targets, because each of them may get the request. */
  get steps(): Steps | undefined {
    const tunnels = this.#tunnels;
    for (let n = 0; n < tunnels.length; n++)
      if (tunnels[n]!.steps !== this.#tunnelSteps[n]) {
        this.#tunnelSteps = tunnels.map(({ steps }) => steps);
        this.#allSteps = this.#tunnelSteps.reduce((all, each) => Steps.both(all, each), this.#steps);
        break;
      }
    return this.#allSteps;
  }

  get targets(): readonly PoolMember[] {
    return this.pool.targets;
  }

  destination(): UpstreamRoute {
    return this;
  }

  onFinished(request: FinishedRequest): void {
    this.#onRouted(request, this);
  }

  #reportOf(target: PooledTarget, change: TargetChange): TargetReport {
    const report = { route: this.options.name, target: nameOf(target), change: change.kind };
    if (!("reason" in change)) return report;
    const { reason } = change;
    if (change.kind === "ejected") return { ...report, reason };
    const { ignoresVerdicts: areAllUnhealthy, areUnreachable } = this.#pooled;
    return { ...report, reason, areAllUnhealthy, areAllUnreachable: areAllUnhealthy && areUnreachable };
  }

  close(): void {
    this.#checks?.close();
    for (const member of this.#members) this.#targets.release(member);
  }
}

function isChecked(member: PoolMember): member is PooledTarget {
  return member instanceof PooledTarget;
}
