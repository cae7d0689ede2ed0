import { refusals, type Refusal, type RequestHead } from "../http/index.js";
import { loginRoute } from "../middleware/chain/login-route.js";
import type { Logins } from "../middleware/oidc/logins.js";
import type { FinishedRequest, Route } from "../route.js";
import type { RouteFault } from "../routing/index.js";
import type { ConnectionInfo } from "../visitor/connection-info.js";
import { redirected } from "./gateway-redirect.js";
import type { HttpsRedirect } from "./https-redirect.js";
import type { Routes } from "./routes.js";
import type { ServiceEndpoints } from "./service-endpoints.js";

/** The response where no route takes a request. */
export const ROUTE_REFUSALS: Readonly<Record<RouteFault, Refusal>> = {
  unknown: refusals.PN_ROUTE_UNKNOWN,
  method: refusals.PN_ROUTE_METHOD,
  path: refusals.PN_ROUTE_PATH,
};

export interface ServiceRouterOptions {
  routes: Routes;
  logins: Logins;
  /** Undefined: HTTP is served in the same way as HTTPS. */
  redirect: HttpsRedirect | undefined;
  /** Undefined: there are none. */
  endpoints: ServiceEndpoints | undefined;
  isStopping: () => boolean;
  /** Called when a request that no route took is over. */
  onUnrouted: (request: FinishedRequest) => void;
}

/** Selects the destination of a request: a redirect to HTTPS, a route, or a page of the gateway itself. */
export class ServiceRouter {
  readonly #options: ServiceRouterOptions;

  readonly #loginRoute: Route;

  constructor(options: ServiceRouterOptions) {
    this.#options = options;
    const { logins, onUnrouted: onFinished } = options;
    this.#loginRoute = loginRoute(logins, onFinished);
  }

  route(head: RequestHead, { proto, lacksTls = false }: ConnectionInfo, address: string): Route {
    const { routes, logins, redirect, onUnrouted: onFinished } = this.#options;
    if (lacksTls) return { kind: "refusal", refusal: refusals.PN_HTTP_PLAIN, onFinished };
    const elsewhere = redirect === undefined || proto !== "http" ? undefined : redirected(redirect, head);
    if (elsewhere !== undefined) return { ...elsewhere, onFinished };
    if (logins.owns(head.path)) return this.#loginRoute;
    const steps = routes.ownersOf(head.path);
    if (steps !== undefined) return { kind: "respond", page: refusals.PN_ROUTE_UNKNOWN, steps, onFinished };
    const found = routes.find(head, address);
    const { value } = found;
    if (value !== undefined && value.options.afterEndpoints !== true) return value.destination(head);
    const { endpoints, isStopping } = this.#options;
    const page = found.fault === "path" ? undefined : endpoints?.page(head.method, head.path, isStopping());
    if (page !== undefined) return { kind: "respond", page, onFinished };
    if (value !== undefined) return value.destination(head);
    const refusal = ROUTE_REFUSALS[found.fault ?? "unknown"];
    if (found.fault !== "method") return { kind: "refusal", refusal, onFinished };
    return { kind: "refusal", refusal: { ...refusal, fields: { Allow: found.allowed } }, onFinished };
  }
}
