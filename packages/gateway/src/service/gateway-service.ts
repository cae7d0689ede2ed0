import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import {
  Certificates,
  Listeners,
  parseListenAddress,
  peerCertificate,
  SocketConnection,
  type Certificate,
  type Connection,
} from "@postern/net";
import { SYSTEM_CLOCK } from "../deadlines/clock.js";
import { FileExchange } from "../files/index.js";
import { Gateway } from "../gateway.js";
import { Logins } from "../middleware/oidc/logins.js";
import { HostCa } from "../middleware/client-certificate/host-cas.js";
import { LabelledTraffic } from "../records/labelled-traffic.js";
import type { FinishedRequest } from "../route.js";
import type { ConnectionInfo } from "../visitor/connection-info.js";
import { TrustedProxies } from "../visitor/trusted-proxies.js";
import { Folders } from "./folders.js";
import { gatewayRedirect } from "./gateway-redirect.js";
import { gatewayFigures, type GatewayFigures } from "./gateway-figures.js";
import type { GatewayRoute } from "./gateway-route.js";
import { RequestReports } from "./request-reports.js";
import { Routes, type RouteChanges } from "./routes.js";
import { ServiceEndpoints } from "./service-endpoints.js";
import type { GatewayServiceOptions, RouteOptions } from "./service-options.js";
import { ServiceRouter } from "./service-router.js";
import { Targets } from "./targets.js";

/** Milliseconds between two checks of everything that depends on the clock. */
const TICK = 1_000;
/** How long requests in progress may take when the gateway stops, in milliseconds. */
const DRAIN = 30_000;
/** Routes and targets with traffic of their own. */
export const GATEWAY_LABELS = 1_000;
/** The label of the traffic beyond them. */
export const OTHER_LABEL = "_other";

const now = (): number => performance.now();

/** A running HTTP gateway: listeners, routes and their targets. */
export class GatewayService {
  address = "";
  secureAddress: string | undefined;
  readonly #drainTimeout: number;
  readonly #reports: RequestReports;
  readonly #routeTraffic = new LabelledTraffic(GATEWAY_LABELS, { route: OTHER_LABEL });
  readonly #targetTraffic = new LabelledTraffic(GATEWAY_LABELS, { target: OTHER_LABEL });
  readonly #targets: Targets;
  readonly #folders: Folders;
  readonly #routes: Routes;
  readonly #router: ServiceRouter;
  readonly #gateway: Gateway;
  readonly #certificates: Certificates | undefined;
  readonly #listeners: Listeners;
  #securePort = 0;
  #timer: NodeJS.Timeout | undefined;
  #stopping: Promise<void> | undefined;

  /** @throws RangeError for a route or a trusted proxy that is not valid. */
  constructor(options: GatewayServiceOptions) {
    const { tls, version, serviceEndpoints = true, limits, onFault } = options;
    this.#drainTimeout = options.drainTimeout ?? DRAIN;
    this.#reports = new RequestReports(options);
    this.#targets = new Targets(options, this.#targetTraffic);
    this.#folders = new Folders(options, this.#targetTraffic);
    const { cookieKey = (): string => randomBytes(32).toString("base64url") } = options;
    const { onTargetChange, onWarning = (): void => {} } = options;
    const logins = new Logins({ secret: cookieKey, onWarning });
    const poll = { clock: SYSTEM_CLOCK, onWarning };
    const { openAccessLog, accessLog: logOptions } = options;
    const log = logOptions && openAccessLog?.(logOptions);
    const places = {
      targets: this.#targets,
      folders: this.#folders,
      cookieKey,
      onTargetChange,
      poll,
      logins,
      log,
      openAccessLog,
    };
    this.#routes = new Routes(places, this.#routeTraffic, (request, route) => this.#onRouted(request, route));
    this.#routes.replace(options.routes);
    const certificates = tls && new Certificates(tls.certificates, tls.policy);
    this.#certificates = certificates;
    this.#router = new ServiceRouter({
      routes: this.#routes,
      logins,
      redirect:
        certificates && gatewayRedirect(tls, { certificates, routes: this.#routes, port: () => this.#securePort }),
      endpoints: serviceEndpoints ? new ServiceEndpoints(version) : undefined,
      isStopping: () => this.#stopping !== undefined,
      onUnrouted: (request) => this.#reports.add(request, undefined),
    });
    this.#gateway = new Gateway((head, info, address) => this.#router.route(head, info, address), {
      proto: "http",
      trustedProxies: new TrustedProxies(options.trustedProxies),
      createFilesExchange: (visitor, request) => new FileExchange(visitor, request),
      accessLog: log?.of(() => ({})),
      tracing: options.tracing,
      ...(limits && { limits }),
      ...(onFault && { onFault }),
    });
    this.#listeners = new Listeners({
      certificates,
      clientCaFor: (serverName) => this.#routes.clientCaFor(serverName),
      onPlain: (socket) => this.#acceptSocket(socket),
      onSecure: (socket, serverName, clientCa) => {
        const certificate =
          clientCa instanceof HostCa ? { host: clientCa.host, peer: peerCertificate(socket) } : undefined;
        this.#acceptSocket(socket, { proto: "https", serverName, certificate });
      },
      onUnencrypted: (socket) => this.#acceptSocket(socket, { proto: "http", lacksTls: true }),
    });
  }

  /** @throws Error with a system `code` (EADDRINUSE, EACCES …). */
  async listen({ listen, tls }: Pick<GatewayServiceOptions, "listen" | "tls">): Promise<void> {
    const secure = tls === undefined ? undefined : parseListenAddress(tls.listen);
    this.#timer = setInterval(() => this.#tick(), TICK);
    if (listen === undefined) return;
    const listening = await this.#listeners.open(parseListenAddress(listen), secure);
    this.address = listening.address;
    this.secureAddress = listening.secureAddress;
    this.#securePort = listening.port;
  }

  /** Serves a connection that no listener of this gateway accepted. */
  accept(connection: Connection): void {
    this.#gateway.accept(connection);
  }

  /**
   * Serves these routes from now on. Routes, targets and folders that stay the same keep their connections and their
   * cache; requests in progress end on the route that they have.
   * @throws RangeError for a route that is not valid, and then nothing changes.
   */
  replaceRoutes(routes: readonly RouteOptions[]): RouteChanges {
    return this.#routes.replace(routes);
  }

  /** From now on no folder serves these files and folders, instead of the former ones. */
  replaceSecretFiles(paths: readonly string[]): void {
    this.#folders.replaceSecrets(paths);
  }

  /**
   * Uses these certificates for new connections.
   * @throws RangeError when the gateway has no TLS; Error when OpenSSL rejects one.
   */
  replaceCertificates(certificates: readonly Certificate[]): void {
    if (this.#certificates === undefined) throw new RangeError("This gateway has no TLS.");
    this.#certificates.replace(certificates);
  }

  figures(): GatewayFigures {
    return gatewayFigures({
      connections: this.#gateway.visitors,
      routes: this.#routes.all,
      targets: this.#targets,
      routeTraffic: this.#routeTraffic,
      targetTraffic: this.#targetTraffic,
      now: now(),
    });
  }

  /** Accepts nothing new, lets requests in progress finish, then closes. Can be called twice. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  #acceptSocket(socket: Socket, info?: ConnectionInfo): void {
    this.#gateway.accept(new SocketConnection(socket, { mayLend: true }), info);
  }

  #onRouted(request: FinishedRequest, route: GatewayRoute): void {
    route.counted.traffic.count(request);
    this.#targets.onFinished(request);
    this.#reports.add(request, route.options.name, route.folder?.name);
  }

  #tick(): void {
    this.#targets.sweep(now());
    this.#reports.flush();
  }

  async #stop(): Promise<void> {
    const closed = this.#listeners.close();
    await this.#gateway.drain(this.#drainTimeout);
    clearInterval(this.#timer);
    this.#reports.flush();
    this.#routes.replace([]);
    this.#folders.close();
    await closed;
  }
}

/**
 * Starts an HTTP gateway.
 * @throws Error with a system `code` (EADDRINUSE, EACCES …) when it cannot listen; RangeError for a route or an address
 * that is not valid.
 */
export async function startGateway(options: GatewayServiceOptions): Promise<GatewayService> {
  const service = new GatewayService(options);
  try {
    await service.listen(options);
  } catch (error) {
    await service.stop();
    throw error;
  }
  return service;
}
