import type { RequestHead } from "../http/index.js";
import type { Steps } from "../middleware/chain/steps.js";
import type { Labelled } from "../records/labelled-traffic.js";
import type { AccessLogger, FinishedRequest, Route } from "../route.js";
import type { PoolMember } from "../upstream/pool-member.js";
import type { Folder } from "./folders.js";
import type { RouteOptions } from "./service-options.js";

/** Called when a request to a route is over. */
export type OnRouted = (request: FinishedRequest, route: GatewayRoute) => void;

/** What every route gets. */
export interface RouteDependencies {
  counted: Labelled;
  steps: Steps | undefined;
  accessLog: AccessLogger | null | undefined;
  onRouted: OnRouted;
}

/** A route that a gateway serves. */
export interface GatewayRoute {
  readonly options: RouteOptions;
  /** The traffic of its label. */
  readonly counted: Labelled;
  /** Empty unless the route has targets. */
  readonly targets: readonly PoolMember[];
  /** The folder of a route with files. */
  readonly folder?: Folder;
  /** The destination of a request that the route takes. */
  destination(head: RequestHead): Route;
  /** No request gets this route any more. Requests in progress continue. */
  close(): void;
}
