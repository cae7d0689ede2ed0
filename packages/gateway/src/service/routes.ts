import type { RequestHead } from "../http/index.js";
import { LabelledTraffic } from "../records/labelled-traffic.js";
import { HostCas, type HostCa } from "../middleware/client-certificate/host-cas.js";
import { OwnPaths } from "../middleware/chain/own-paths.js";
import { namedSteps, routeSteps, type StepDependencies, type StepOptions } from "../middleware/chain/route-steps.js";
import type { Steps } from "../middleware/chain/steps.js";
import { RouteTable, type RoutedRequest, type RouteFinding } from "../routing/index.js";
import type { AccessLog, AccessLogOptions } from "../access-log/access-log.js";
import { contentOf } from "../content.js";
import type { AccessLogger } from "../route.js";
import { FilesRoute } from "./files-route.js";
import type { Folders } from "./folders.js";
import { ForwardRoute, type ForwardDependencies } from "./forward-route.js";
import type { GatewayRoute, OnRouted, RouteDependencies } from "./gateway-route.js";
import { RedirectRoute } from "./redirect-route.js";
import { RespondRoute } from "./respond-route.js";
import type { RouteOptions } from "./service-options.js";
import type { Targets } from "./targets.js";

/** The names of the routes that a reload added, changed and removed. */
export interface RouteChanges {
  readonly added: string[];
  readonly changed: string[];
  readonly removed: string[];
}

/** What the routes of a gateway share. */
export interface RoutesDependencies
  extends Pick<ForwardDependencies, "cookieKey" | "onTargetChange">, StepDependencies {
  targets: Targets;
  folders: Folders;
  /** The access log of routes without one of their own. */
  log?: AccessLog | undefined;
  openAccessLog?: ((options: AccessLogOptions) => AccessLog) | undefined;
}

/** The routes that a gateway serves. */
export class Routes {
  readonly #targets: Targets;
  readonly #folders: Folders;
  readonly #cookieKey: () => string;
  readonly #onTargetChange: RoutesDependencies["onTargetChange"];
  /** What the steps of all routes share. */
  readonly #shared: StepDependencies;
  readonly #log: AccessLog | undefined;
  readonly #openLog: RoutesDependencies["openAccessLog"];
  readonly #onRouted: OnRouted;
  readonly #traffic: LabelledTraffic;
  /** By content, in the order of the table. */
  #served = new Map<string, GatewayRoute>();
  #table = new RouteTable<GatewayRoute>([]);
  #clientCas = new HostCas([]);
  #ownPaths = new OwnPaths([]);
  readonly #routed = new Routed();
  /** The steps of the routes themselves, without those of their targets. */
  readonly #steps = new WeakMap<GatewayRoute, Steps>();

  constructor(
    { targets, folders, cookieKey, onTargetChange, poll, logins, log, openAccessLog }: RoutesDependencies,
    traffic: LabelledTraffic,
    onRouted: OnRouted,
  ) {
    this.#targets = targets;
    this.#folders = folders;
    this.#cookieKey = cookieKey;
    this.#onTargetChange = onTargetChange;
    this.#shared = { poll, logins };
    this.#log = log;
    this.#openLog = openAccessLog;
    this.#traffic = traffic;
    this.#onRouted = onRouted;
  }

  /** In the order of the table. */
  get all(): Iterable<GatewayRoute> {
    return this.#served.values();
  }

  /** The route of a request. The result is reused by the next call. */
  find(head: RequestHead, address: string): RouteFinding<GatewayRoute> {
    return this.#table.find(this.#routed.of(head, address));
  }

  /** The steps that own the path of a request. It reaches no route. */
  ownersOf(path: string): Steps | undefined {
    return this.#ownPaths.find(path);
  }

  /** Whether the host of a route, or its wildcard, covers `host`. */
  namesHost(host: string): boolean {
    return this.#table.namesHost(host);
  }

  /** The CA of the client certificates for the host in a TLS handshake; undefined: none is requested. */
  clientCaFor(serverName: string | undefined): HostCa | undefined {
    return this.#clientCas.find(serverName);
  }

  /** Serves these routes from now on. @throws RangeError for a route that is not valid, and then nothing changes. */
  replace(given: readonly RouteOptions[]): RouteChanges {
    const routes = withoutOwnCookies(given);
    const before = this.#served;
    const served = new Map<string, GatewayRoute>();
    const byName = new Map([...before.values()].map((route) => [route.options.name, route]));
    const created: GatewayRoute[] = [];
    try {
      for (const options of routes) {
        const content = contentOf(options);
        const kept = before.get(content) ?? this.#create(options, byName.get(options.name));
        if (!before.has(content)) created.push(kept);
        served.set(content, kept);
      }
      const certificates = routes.flatMap(({ steps }) => steps?.clientCertificate ?? []);
      const clientCas = new HostCas(certificates, this.#clientCas);
      this.#table = new RouteTable([...served.values()].map((route) => ({ match: route.options.match, value: route })));
      this.#clientCas = clientCas;
    } catch (error) {
      for (const route of created) this.#close(route);
      throw error;
    }
    this.#ownPaths = new OwnPaths([...served.values()].map((route) => this.#steps.get(route)));
    this.#served = served;
    const ended = [...before].filter(([content]) => !served.has(content)).map(([, route]) => route);
    const nextByName = new Map([...served.values()].map((route) => [route.options.name, route]));
    for (const route of ended) {
      // Requests that wait for a step of the route are not admitted by rules that no longer hold.
      if (!hasSameSteps(route, nextByName.get(route.options.name))) this.#steps.get(route)?.markReplaced();
      this.#close(route);
    }
    return changesOf(created, ended);
  }

  /** @param former the route that had the name until now */
  #create(options: RouteOptions, former: GatewayRoute | undefined): GatewayRoute {
    const counted = this.#traffic.use({ route: options.name });
    let steps: Steps | undefined;
    try {
      steps = routeSteps(this.#stepsOf(options), this.#shared, former && this.#steps.get(former));
      const accessLog = this.#logOf(options, () => route);
      const route = this.#routeOf(options, { counted, steps, accessLog }, former);
      if (steps !== undefined) this.#steps.set(route, steps);
      return route;
    } catch (error) {
      steps?.close();
      this.#traffic.release(counted);
      throw error;
    }
  }

  /** The access log of a route. */
  #logOf({ name, accessLog: own }: RouteOptions, route: () => GatewayRoute): AccessLogger | null | undefined {
    if (own === false) return null;
    const log = own === undefined ? this.#log : this.#openLog?.(own);
    return log?.of(({ upstream }) => ({ route: name, target: route().folder?.name ?? upstream?.name }));
  }

  #routeOf(
    options: RouteOptions,
    own: Omit<RouteDependencies, "onRouted">,
    former: GatewayRoute | undefined,
  ): GatewayRoute {
    const shared = { targets: this.#targets, folders: this.#folders, onRouted: this.#onRouted };
    const dependencies = { ...shared, ...own };
    const { action } = options;
    if (action.kind === "forward") {
      const sameKind = former instanceof ForwardRoute ? former : undefined;
      const cookieKey = this.#cookieKey;
      const onTargetChange = this.#onTargetChange;
      return new ForwardRoute(options, action, { ...dependencies, cookieKey, onTargetChange }, sameKind);
    }
    if (action.kind === "files") return new FilesRoute(options, action, dependencies);
    if (action.kind === "redirect") return new RedirectRoute(options, action, dependencies);
    return new RespondRoute(options, action, dependencies);
  }

  /** The steps of a route, with what they need of it. */
  #stepsOf({ name, steps, match }: RouteOptions): StepOptions | undefined {
    return steps && namedSteps(steps, name, this.#cookieKey, match.host);
  }

  #close(route: GatewayRoute): void {
    route.close();
    this.#steps.get(route)?.close();
    this.#traffic.release(route.counted);
  }
}

/** If visitors log in to a route, the targets of the others must not get the cookies of its visitors. */
function withoutOwnCookies(routes: readonly RouteOptions[]): readonly RouteOptions[] {
  if (!routes.some(({ steps }) => steps?.password !== undefined || steps?.oidc !== undefined)) return routes;
  return routes.map((route) =>
    route.action.kind === "forward" ? { ...route, steps: { ...route.steps, dropsOwnCookies: true } } : route,
  );
}

function hasSameSteps(route: GatewayRoute, next: GatewayRoute | undefined): boolean {
  return next !== undefined && contentOf(next.options.steps ?? {}) === contentOf(route.options.steps ?? {});
}

function changesOf(created: readonly GatewayRoute[], ended: readonly GatewayRoute[]): RouteChanges {
  const namesOf = (routes: readonly GatewayRoute[]): Set<string> => new Set(routes.map(({ options }) => options.name));
  const [begun, gone] = [namesOf(created), namesOf(ended)];
  return {
    added: [...begun].filter((name) => !gone.has(name)),
    changed: [...begun].filter((name) => gone.has(name)),
    removed: [...gone].filter((name) => !begun.has(name)),
  };
}

/** A request as the table reads it. One object serves all requests, because each lookup ends before the next begins. */
class Routed implements RoutedRequest {
  method = "";
  host = "";
  path = "";
  address = "";
  #head: RequestHead | undefined;

  of(head: RequestHead, address: string): this {
    this.#head = head;
    this.method = head.method;
    this.host = head.host;
    this.path = head.path;
    this.address = address;
    return this;
  }

  fieldValue(...wanted: Parameters<RequestHead["fieldValue"]>): string {
    return this.#head?.fieldValue(...wanted) ?? "";
  }
}
