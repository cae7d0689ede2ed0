import { randomBytes } from "node:crypto";
import type { Logger } from "pino";
import {
  Bandwidths,
  Gateway,
  HostRateLimitStep,
  HttpsRedirect,
  refusals,
  Steps,
  TrustedProxies,
  type Strategy,
} from "@postern/gateway";
import type { AccessLogFigures } from "@postern/gateway/access-log";
import { DEFAULT_LIMITS } from "@postern/protocol";
import {
  Certificates,
  Listeners,
  SocketConnection,
  type Certificate,
  type ClientCa,
  type ListenAddress,
} from "@postern/net";
import { BaseDomain } from "./base-domain/base-domain.js";
import { MetricsPage } from "./base-domain/metrics-page.js";
import { baseDomainRefusals } from "./base-domain/refusals.js";
import { SERVER_LIMITS } from "./limits.js";
import { ApiKeys } from "./login/api-keys.js";
import { ClientCertificates } from "./login/client-certificates.js";
import { LoginGate } from "./login/login-gate.js";
import { Logins } from "./login/logins.js";
import { DEFAULT_OWNER_LIMITS, Owners } from "./sessions/owners.js";
import { Tokens } from "./login/tokens.js";
import { ServerMetrics, type Measured } from "./metrics/metrics.js";
import { logPressure } from "./metrics/pressure-log.js";
import { StatusLog } from "./metrics/status-log.js";
import { MemoryLeaseStore } from "./names/memory-lease-store.js";
import { DEFAULT_NAME_RULES } from "./names/name.js";
import { gatewayLimits, type ApiKey, type Server, type ServerOptions } from "./options.js";
import { cookieMark, VisitorLogins } from "@postern/gateway/policies";
import { TunnelPolicies, type PolicyOptions } from "./policies/tunnel-policies.js";
import { PublicAddress } from "./routing/public-address.js";
import { Router } from "./routing/router.js";
import { Admission } from "./sessions/admission.js";
import { Sessions } from "./sessions/sessions.js";
import { DEFAULT_GROUP_OPTIONS, DEFAULT_STRATEGIES } from "./tunnels/group-route.js";
import { NamedUpstream } from "./tunnels/named-upstream.js";
import { tunnelNameOf } from "./tunnels/tunnel-name.js";
import { TunnelRegistry } from "./tunnels/tunnel-registry.js";

/** Milliseconds between two checks of everything that depends on the clock. */
const TICK = 1_000;

const now = (): number => performance.now();

/** The public tunnel server. The constructor creates its parts in the order of their dependencies. */
export class TunnelServer implements Server, Measured {
  address = "";
  secureAddress: string | undefined;
  readonly #log: Logger;
  readonly #accessLogFigures: (() => AccessLogFigures) | undefined;
  readonly #drainTimeout: number;
  readonly #publicAddress: PublicAddress;
  readonly #keys: ApiKeys;
  readonly #clientCertificates: ClientCertificates;
  readonly #certificates: Certificates | undefined;
  readonly #gate = new LoginGate(now);
  readonly #owners: Owners;
  readonly #policies: TunnelPolicies;
  readonly #bandwidths: Bandwidths | undefined;
  readonly #registry: TunnelRegistry;
  readonly #sessions: Sessions;
  readonly #admission: Admission;
  readonly #metrics: ServerMetrics | undefined;
  readonly #statusLog: StatusLog | undefined;
  readonly #gateway: Gateway;
  readonly #listeners: Listeners;
  #timer: NodeJS.Timeout | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: ServerOptions) {
    const { tls, tokens, metrics, health = "/health" } = options;
    this.#accessLogFigures = options.accessLog?.figures;
    this.#drainTimeout = options.drainTimeout ?? SERVER_LIMITS.drain;

    // Clients and tunnels that connect and disconnect are logged at `info`, problems at higher levels.
    const isQuiet = options.logTunnelEvents === false && options.log.isLevelEnabled("info");
    this.#log = isQuiet ? options.log.child({}, { level: "warn" }) : options.log;
    // Counting costs time per request, so it is enabled only if the metrics page or the status log shows the numbers.
    if (metrics !== undefined || options.logStatus === true) this.#metrics = new ServerMetrics(this, refusalCodes());
    if (this.#metrics !== undefined && options.logStatus === true)
      this.#statusLog = new StatusLog(options.log, this, this.#metrics, now());

    // Keys and certificates can be replaced while the server runs.
    this.#keys = new ApiKeys(options.apiKeys ?? []);
    this.#clientCertificates = new ClientCertificates(tls?.clientCa);
    if (tls !== undefined) this.#certificates = new Certificates(tls.certificates, tls.policy);

    // A client becomes a session: it is admitted, logs in, and binds names.
    const ownerLimits = { ...DEFAULT_OWNER_LIMITS, ...options.owners };
    this.#owners = new Owners(ownerLimits, now);
    const { oidc: provider } = options;
    const randomKey = randomBytes(32).toString("base64url");
    const cookieKey = options.groups?.cookieKey ?? ((): string => randomKey);
    let mark: string | undefined;
    const sites = {
      callbackSite: (): string => this.#publicAddress.url,
      isSite: (site: string): boolean => {
        const name = this.#publicAddress.nameOf(site);
        return name !== undefined && !this.#registry.isFree(name);
      },
    };
    const { tunnelRate, tunnelBandwidth } = options;
    const limits = tunnelRate && new Steps([new HostRateLimitStep(tunnelRate)]);
    this.#bandwidths = tunnelBandwidth === undefined ? undefined : new Bandwidths(tunnelBandwidth);
    const warn = (text: string): void => this.#log.warn(text);
    const logins = provider && new VisitorLogins({ secret: cookieKey, onWarning: warn, provider, shared: sites });
    this.#policies = new TunnelPolicies(options.policies, warn, cookieKey, limits, logins);
    this.#registry = new TunnelRegistry(new MemoryLeaseStore(now), this.#policies, ownerLimits.names, {
      ...DEFAULT_GROUP_OPTIONS,
      ...options.groups,
      onEjected: (name, member, reason) =>
        this.#log.warn({ name, member, reason }, "a client of a group fails requests"),
    });
    this.#publicAddress = new PublicAddress({ ...options, hasTls: this.hasTls });
    this.#sessions = new Sessions(
      {
        authenticator: new Logins(this.#keys, tokens && new Tokens(tokens), this.#clientCertificates),
        owners: this.#owners,
        registry: this.#registry,
        nameRules: { ...DEFAULT_NAME_RULES, ...options.names },
        policies: this.#policies,
        mayJoin: options.mayJoin ?? true,
        groupStrategies: allowedStrategies(options),
        maxTunnels: options.maxTunnels ?? SERVER_LIMITS.tunnels,
        limits: { ...DEFAULT_LIMITS, streams: options.streamsPerSession ?? DEFAULT_LIMITS.streams },
        log: this.#log,
        requestLog: options.requestLog ?? options.log,
        publicUrl: (name) => this.#publicAddress.tunnelUrl(name),
        counter: (name, owner) => this.#metrics?.tunnel(name, owner),
        bandwidths: this.#bandwidths,
        requestRecords: options.requestRecords ?? SERVER_LIMITS.listedRequests,
      },
      (outcome) => this.#metrics?.login(outcome),
    );
    this.#admission = new Admission({
      gate: this.#gate,
      sessions: this.#sessions,
      isOverloaded: () => this.#gateway.overloaded,
    });

    // Clients connect like visitors, with requests to the base domain.
    const trustedProxies = new TrustedProxies(options.trustedProxies);
    const onRefused = (code: string): void => this.#metrics?.refused(code);
    const baseDomain = new BaseDomain(
      { onClient: (socket, head, address) => this.#admission.onClient(socket, head, address), onRefused },
      {
        tunnelPattern: () => this.#publicAddress.tunnelPattern,
        isHealthy: () => this.#stopping === undefined,
        trustedProxies,
        health: health === false ? undefined : health,
        metrics:
          metrics && this.#metrics && new MetricsPage(this.#metrics, { token: undefined, ...metrics, trustedProxies }),
      },
    );

    // Every request is routed by its host, regardless of the listener.
    const { domain, proto } = this.#publicAddress;
    const redirects = tls?.listen !== undefined && tls.redirect !== false;
    const router = new Router({
      domain,
      registry: this.#registry,
      logins,
      blocksSuspiciousPaths: options.blockSuspiciousPaths,
      redirect: redirects
        ? new HttpsRedirect({
            exempt: tls.redirectExempt ?? [],
            isServed: (host) => router.isServed(host),
            urlOf: (host) => this.#publicAddress.urlOf(host),
          })
        : undefined,
      takeBaseDomain: (socket) => baseDomain.take(socket),
    });
    this.#gateway = new Gateway((head, info) => router.route(head, info), {
      proto,
      trustedProxies,
      ...(options.trustedProxyFields && { trustedFields: options.trustedProxyFields }),
      via: options.via ?? false,
      accessLog: options.accessLog?.log.of(({ upstream }) => ({ route: tunnelNameOf(upstream) })),
      tracing: options.tracing,
      ownCookies: () => (mark ??= cookieMark(cookieKey())),
      sharedDomain: options.parentDomainCookies === "allow" ? undefined : domain,
      limits: gatewayLimits(options),
      onFault: (err) => this.#log.error({ err }, "a visitor's connection was closed: internal error"),
      onRefused: ({ code }) => onRefused(code),
      onPressure: (pressure) => logPressure(this.#log, pressure),
      onShortage: () => this.#sessions.endLargest(),
    });

    // Listeners come last, when all parts that serve connections exist.
    this.#listeners = new Listeners({
      probeAfter: options.tcpKeepAlive,
      certificates: this.#certificates,
      clientCaFor: (serverName) => (serverName === domain ? this.#clientCertificates.clientCa : undefined),
      onPlain: (socket) => this.#gateway.accept(new SocketConnection(socket)),
      onSecure: (socket, serverName) =>
        this.#gateway.accept(new SocketConnection(socket), { proto: "https", serverName }),
      onUnencrypted: (socket) => this.#gateway.accept(new SocketConnection(socket), { proto: "http", lacksTls: true }),
    });
  }

  /** @throws Error with a system `code`. */
  async listen(address: ListenAddress, secure: ListenAddress | undefined): Promise<void> {
    const listening = await this.#listeners.open(address, secure);
    this.address = listening.address;
    this.secureAddress = listening.secureAddress;
    this.#publicAddress.port = listening.port;
    this.#timer = setInterval(() => this.#tick(), TICK);
    const { domain } = this.#publicAddress;
    this.#log.info({ address: this.address, ...(secure && { secure: this.secureAddress }), domain }, "listening");
  }

  get url(): string {
    return this.#publicAddress.url;
  }

  get hasTls(): boolean {
    return this.#certificates !== undefined;
  }

  get accessLog(): AccessLogFigures | undefined {
    return this.#accessLogFigures?.();
  }

  get sessions(): number {
    return this.#sessions.loggedIn;
  }

  get tunnels(): number {
    return this.#registry.size;
  }

  get guarded(): number {
    return this.#registry.guarded;
  }

  get streams(): number {
    return this.#sessions.streams;
  }

  get connections(): number {
    return this.#gateway.visitors;
  }

  ownerSessions(): Iterable<readonly [owner: string, sessions: number]> {
    return this.#owners.sessions();
  }

  get certificateEnds(): Date | undefined {
    return this.#certificates?.notAfter;
  }

  replaceApiKeys(keys: readonly ApiKey[]): void {
    this.#keys.replace(keys);
    this.#sessions.checkCredentials();
  }

  replaceCertificates(certificates: readonly Certificate[], clientCa?: ClientCa): void {
    if (this.#certificates === undefined) throw new RangeError("This server has no TLS.");
    this.#certificates.replace(certificates);
    this.#clientCertificates.replace(clientCa);
    this.#sessions.checkCredentials();
  }

  replacePolicies(options: PolicyOptions): void {
    this.#policies.replace(options);
    this.#sessions.checkPolicies();
  }

  upstream(name: string): NamedUpstream {
    const hostOf = (each: string): string => new URL(this.#publicAddress.tunnelUrl(each)).host;
    return new NamedUpstream(name.toLowerCase(), this.#registry, hostOf);
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  #tick(): void {
    const time = now();
    this.#sessions.tick(time);
    this.#registry.sweep();
    this.#gate.sweep();
    this.#owners.sweep();
    this.#statusLog?.tick(time);
  }

  async #stop(): Promise<void> {
    this.#log.info("stopping");
    // Accept nothing new: no connections, handshakes or clients. Health pages report the stop from now on.
    const closed = this.#listeners.close();
    this.#admission.close();
    // Clients connect to another server now, while their sessions still carry the requests in progress.
    this.#sessions.goAway();
    await this.#gateway.drain(this.#drainTimeout);
    // No request is left, so the numbers are final, and sessions no longer need heartbeats.
    clearInterval(this.#timer);
    this.#statusLog?.write();
    await this.#sessions.close();
    this.#bandwidths?.close();
    // Open connections keep the listener open, so this resolves after the last of them.
    await closed;
    this.#log.info("stopped");
  }
}

/** The codes of all refusals of visitors' requests. */
function refusalCodes(): string[] {
  return [...Object.keys(refusals), ...Object.keys(baseDomainRefusals(""))];
}

/** The operator's own strategy is always allowed. */
function allowedStrategies({ groups, groupStrategies = DEFAULT_STRATEGIES }: ServerOptions): readonly Strategy[] {
  return [...new Set([groups?.strategy ?? DEFAULT_GROUP_OPTIONS.strategy, ...groupStrategies])];
}
