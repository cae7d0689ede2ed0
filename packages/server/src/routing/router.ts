import { isIP, type Socket } from "node:net";
import {
  refusals,
  type ConnectionInfo,
  type HttpsRedirect,
  type RefusalRoute,
  type RequestHead,
  type Route,
} from "@postern/gateway";
import { loginRoute, type VisitorLogins } from "@postern/gateway/policies";
import { probeOf } from "../tunnels/probe-route.js";
import type { TunnelRegistry } from "../tunnels/tunnel-registry.js";
import { isSuspicious } from "./suspicious-path.js";

const UNKNOWN: RefusalRoute = { kind: "refusal", refusal: refusals.PN_TUNNEL_UNKNOWN };
const PLAIN: RefusalRoute = { kind: "refusal", refusal: refusals.PN_HTTP_PLAIN };
const BLOCKED: RefusalRoute = { kind: "refusal", refusal: refusals.PN_TUNNEL_PATH };
const AWAY: RefusalRoute = { kind: "refusal", refusal: refusals.PN_TUNNEL_AWAY };
const OFFLINE: RefusalRoute = { kind: "refusal", refusal: refusals.PN_TUNNEL_OFFLINE };

export interface RouterOptions {
  /** The base domain. */
  domain: string;
  registry: TunnelRegistry;
  /** Undefined: visitors of no tunnel log in. */
  logins?: VisitorLogins | undefined;
  /** Undefined: HTTP is served in the same way as HTTPS. */
  redirect: HttpsRedirect | undefined;
  /** Whether tunnels get no requests with suspicious paths. Default false. */
  blocksSuspiciousPaths?: boolean | undefined;
  /** Called with a connection whose next request is for the base domain. The head of the request is still unread. */
  takeBaseDomain: (socket: Socket) => void;
}

/**
 * Selects the route of a request by its host: a name below the base domain is a tunnel, the base domain is the server
 * itself.
 */
export class Router {
  readonly #options: RouterOptions;
  /** The part after the name in the host of a tunnel. */
  readonly #suffix: string;
  readonly #baseDomain: Route;
  readonly #loginRoute: Route | undefined;

  constructor(options: RouterOptions) {
    this.#options = options;
    this.#suffix = `.${options.domain}`;
    this.#loginRoute = options.logins && loginRoute(options.logins);
    this.#baseDomain = { kind: "delegate", take: options.takeBaseDomain };
  }

  route(head: RequestHead, { proto, lacksTls = false }: ConnectionInfo): Route {
    return lacksTls ? PLAIN : (this.#redirected(head, proto) ?? this.#routeOf(head));
  }

  /** Whether requests for `host` can have a destination. */
  isServed(host: string): boolean {
    return host.endsWith(this.#suffix) || this.#isSelf(host);
  }

  #redirected({ host, path }: RequestHead, proto: string): Route | undefined {
    const { redirect } = this.#options;
    if (proto !== "http" || redirect?.applies(host, path) !== true) return undefined;
    const location = redirect.location(host, path);
    return location === undefined ? UNKNOWN : { kind: "respond", page: refusals.PN_HTTP_INSECURE, location };
  }

  #routeOf(head: RequestHead): Route {
    const { host } = head;
    const { logins } = this.#options;
    if (logins?.owns(head.path) === true && this.isServed(host)) return this.#loginRoute!;
    if (host.endsWith(this.#suffix)) return this.#tunnelRoute(head, host.slice(0, -this.#suffix.length));
    return this.#isSelf(host) ? this.#baseDomain : UNKNOWN;
  }

  /** Health checks often send an empty Host field, or the server's IP address. */
  #isSelf(host: string): boolean {
    return host === this.#options.domain || host === "" || isIP(host.replace(/^\[|\]$/g, "")) !== 0;
  }

  #tunnelRoute(head: RequestHead, name: string): Route {
    const { registry, blocksSuspiciousPaths } = this.#options;
    if (blocksSuspiciousPaths === true && isSuspicious(head.path)) return BLOCKED;
    const probe = probeOf(head);
    const probed = probe === "" ? undefined : registry.probed(name, probe);
    if (probed !== undefined) return probed.probe;
    const tunnel = registry.find(name);
    if (tunnel === "away") return AWAY;
    return tunnel === "offline" ? OFFLINE : (tunnel ?? UNKNOWN);
  }
}
