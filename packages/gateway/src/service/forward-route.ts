import { RoundRobin } from "../balance/round-robin.js";
import type { RouteLimits } from "../limits.js";
import type { Labelled } from "../records/labelled-traffic.js";
import { TARGET_HOST, type FinishedRequest, type PathEdit, type UpstreamRoute } from "../route.js";
import { pathEdit } from "../routing/index.js";
import { Pool } from "../upstream/pool.js";
import type { Target } from "../upstream/target.js";
import type { GatewayRoute, OnRouted } from "./gateway-route.js";
import type { ForwardAction, RouteOptions } from "./service-options.js";
import type { Member, Targets } from "./targets.js";

/** A route that sends requests to targets. */
export class ForwardRoute implements GatewayRoute, UpstreamRoute {
  readonly kind = "upstream";
  readonly options: RouteOptions;
  readonly counted: Labelled;
  readonly pool: Pool;
  readonly hostHeader: string | typeof TARGET_HOST;
  readonly pathEdit: PathEdit;
  readonly limits: RouteLimits;
  readonly #targets: Targets;
  readonly #members: readonly Member[];
  readonly #onRouted: OnRouted;

  /** @throws RangeError for a template that is not valid. */
  constructor(
    options: RouteOptions,
    { targets: urls, stripPrefix, rewrite, hostHeader, limits }: ForwardAction,
    { targets, counted, onRouted }: { targets: Targets; counted: Labelled; onRouted: OnRouted },
  ) {
    this.options = options;
    this.counted = counted;
    this.pathEdit = pathEdit(options.match.path, { stripPrefix, rewrite });
    this.hostHeader = hostHeader ?? TARGET_HOST;
    this.limits = limits;
    this.#targets = targets;
    this.#onRouted = onRouted;
    this.#members = targets.use(urls);
    this.pool = new Pool(this.#members, new RoundRobin());
  }

  get targets(): readonly Target[] {
    return this.pool.targets;
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
