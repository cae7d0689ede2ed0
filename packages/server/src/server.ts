import { once } from "node:events";
import { createServer, isIP, type AddressInfo, type Server as Listener, type Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { Logger } from "pino";
import {
  Gateway,
  refusals,
  TrustedProxies,
  type Arrival,
  type FinishedRequest,
  type RefusalRoute,
  type RequestHead,
  type Route,
  type MemoryPressure,
} from "@postern/gateway";
import { LOGIN_LIMITS, WebSocketTransport, type TunnelError } from "@postern/protocol";
import { Certificates, peerCertificate, type Certificate, type ClientAuthority } from "@postern/net";
import { ApiKeys } from "./login/api-keys.js";
import { ClientSession, type SessionHost } from "./sessions/client-session.js";
import { FrontDesk, type FrontDeskEvents } from "./base-domain/base-domain.js";
import { SERVER_LIMITS } from "./limits.js";
import { LoginGate } from "./login/login-gate.js";
import { MetricsPage } from "./base-domain/metrics-page.js";
import { ServerMetrics, type Measured } from "./metrics/metrics.js";
import { DEFAULT_NAME_RULES, type NameRules } from "./names/name.js";
import { NameRegistry } from "./tunnels/name-registry.js";
import { ClientCertificates } from "./login/client-certificates.js";
import { Logins } from "./login/logins.js";
import type { ApiKey, Server, ServerOptions } from "./options.js";
import { StatusLog } from "./metrics/status-log.js";
import { TlsFront } from "./listen/tls-listener.js";
import { probeOf } from "./tunnels/probe-route.js";
import { Tokens } from "./login/tokens.js";
import { Turns } from "./sessions/paced-queue.js";

/** How often sessions look at the clock, in milliseconds. */
const TICK = 1_000;
/** How long clients may take to close at the end, in milliseconds. */
const FAREWELL = 1_000;
/** Socket buffer beyond which `drain` is told, in bytes: small, so that it is known soon when the kernel has taken all. */
const WRITE_BUFFER = 4 * 1024;
/** New clients that are served in one turn of the event loop: visitors do not notice a thousand that come at once. */
const CLIENTS_PER_TURN = 2;
/** At a stop, clients are asked to come back so far apart, in milliseconds, beginning after this, and no later than this. */
const COME_BACK = { apart: 5, first: 1_000, last: 30_000 };
/** After so many milliseconds of silence the kernel asks whether a connection's other end is still there. */
const PROBE_AFTER = 60_000;

const SOCKETS = {
  allowHalfOpen: true,
  noDelay: true,
  highWaterMark: WRITE_BUFFER,
  keepAlive: true,
  keepAliveInitialDelay: PROBE_AFTER,
};

const INSECURE: RefusalRoute = { kind: "refusal", refusal: refusals.PN_HTTP_INSECURE };
const UNKNOWN: RefusalRoute = { kind: "refusal", refusal: refusals.PN_TUNNEL_UNKNOWN };
const AWAY: RefusalRoute = { kind: "refusal", refusal: refusals.PN_TUNNEL_AWAY };

export interface ListenAddress {
  host: string;
  port: number;
}

const PRESSURE = {
  shed: "idle connections are closed",
  close: "no connection is kept after its answer",
  refuse: "requests and clients are refused",
} as const satisfies Record<Exclude<MemoryPressure, "none">, string>;

/** The public tunnel server: where it listens, visitors are relayed to tunnels and clients become sessions. */
export class TunnelServer implements Server, SessionHost, FrontDeskEvents, Measured {
  readonly authenticator: Logins;
  readonly names = new NameRegistry(() => performance.now());
  readonly log: Logger;
  readonly requestLog: Logger;
  readonly nameRules: NameRules;
  address = "";
  secureAddress: string | undefined;

  readonly #keys: ApiKeys;
  readonly #clients: ClientCertificates;
  readonly #maxTunnels: number;
  readonly #domain: string;
  readonly #suffix: string;
  readonly #publicUrl: URL | undefined;
  readonly #drainTimeout: number;
  readonly #gate = new LoginGate(() => performance.now());
  readonly #newcomers = new Turns(CLIENTS_PER_TURN);
  readonly #sessions = new Set<ClientSession>();
  /** What ends the limits that hold before login. */
  readonly #logins = new Map<ClientSession, () => void>();
  readonly #frontDesk: FrontDesk;
  /** Undefined: nothing is counted. */
  readonly #metrics: ServerMetrics | undefined;
  readonly #statusLog: StatusLog | undefined;
  readonly #gateway: Gateway;
  readonly #certificates: Certificates | undefined;
  readonly #tlsFront: TlsFront | undefined;
  readonly #redirectExempt: readonly string[];
  /** Whether what comes by HTTP is sent to the listener with TLS, once there is one beside. */
  readonly #redirects: boolean;
  readonly #listeners: Listener[] = [];
  readonly #timer: NodeJS.Timeout;
  readonly #self: Route = { kind: "hand over", take: (socket) => this.#frontDesk.take(socket) };
  #port = 0;
  #allGone: (() => void) | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: ServerOptions) {
    // What comes and goes is told at `info`; what goes wrong, above it.
    this.log =
      options.logTunnelEvents === false && options.log.isLevelEnabled("info")
        ? options.log.child({}, { level: "warn" })
        : options.log;
    this.requestLog = options.requestLog ?? options.log;
    this.nameRules = { ...DEFAULT_NAME_RULES, ...options.names };
    this.#maxTunnels = options.maxTunnels ?? SERVER_LIMITS.tunnels;
    this.#keys = new ApiKeys(options.apiKeys ?? []);
    const { tls } = options;
    const authority = tls?.clientAuthority;
    this.#clients = new ClientCertificates(authority);
    this.authenticator = new Logins(this.#keys, options.tokens && new Tokens(options.tokens), this.#clients);
    this.#domain = (options.domain ?? "localhost").toLowerCase().replace(/\.$/, "");
    this.#suffix = `.${this.#domain}`;
    this.#drainTimeout = options.drainTimeout ?? SERVER_LIMITS.drain;
    this.#publicUrl = options.publicUrl === undefined ? undefined : new URL(options.publicUrl);
    if (tls !== undefined) {
      const certificates = new Certificates(tls.certificates, tls.policy, authority);
      this.#certificates = certificates;
      this.#tlsFront = new TlsFront({
        certificates,
        asksCertificate: (serverName) => this.#clients.wanted && serverName === this.#domain,
        onConnection: (socket, serverName) => this.#gateway.accept(socket, { proto: "https", serverName }),
      });
    }
    this.#redirects = tls?.listen !== undefined && tls.redirect !== false;
    this.#redirectExempt = tls?.redirectExempt ?? [];
    const proto = this.#publicUrl?.protocol === "https:" ? "https" : "http";
    const trustedProxies = new TrustedProxies(options.trustedProxies);
    const limits = {
      body: options.maxRequestSize ?? 0,
      answer: options.requestTimeout ?? 0,
      ...(options.headTimeout === undefined ? {} : { head: options.headTimeout }),
      ...(options.idleTimeout === undefined ? {} : { idle: options.idleTimeout }),
    };
    const onFault = (err: unknown): void =>
      this.log.error({ err }, "a visitor's connection ended by a fault of the server");
    const route = (head: RequestHead, arrival: Arrival): Route => {
      const chosen = this.#route(head, arrival);
      if (chosen.kind === "refusal") this.onRefused(chosen.refusal.code);
      return chosen;
    };
    this.#gateway = new Gateway(route, {
      proto,
      trustedProxies,
      limits,
      onFault,
      onPressure: (pressure) => this.#onPressure(pressure),
    });
    const { health = "/health", metrics, logStatus = false } = options;
    if (metrics !== undefined || logStatus) this.#metrics = new ServerMetrics(this);
    if (this.#metrics !== undefined && logStatus)
      this.#statusLog = new StatusLog(options.log, this, this.#metrics, performance.now());
    this.#frontDesk = new FrontDesk(this, {
      tunnels: () => this.url.replace("://", "://NAME."),
      trustedProxies,
      health: health === false ? undefined : health,
      metrics:
        metrics && this.#metrics && new MetricsPage(this.#metrics, { token: undefined, ...metrics, trustedProxies }),
    });
    this.#timer = setInterval(() => this.#tick(), TICK);
  }

  /** @param secure where TLS is spoken beside `address`; without it, TLS is spoken there if at all. */
  async listen(address: ListenAddress, secure?: ListenAddress): Promise<void> {
    const front = this.#tlsFront;
    const plain = createServer(SOCKETS, (socket) => this.#gateway.accept(socket));
    const first = secure === undefined && front !== undefined ? front.listener(SOCKETS) : plain;
    try {
      this.address = await this.#open(first, address);
      if (secure !== undefined && front !== undefined)
        this.secureAddress = await this.#open(front.listener(SOCKETS), secure);
    } catch (error) {
      clearInterval(this.#timer);
      for (const listener of this.#listeners) listener.close();
      throw error;
    }
    this.log.info(
      { address: this.address, ...(secure && { secure: this.secureAddress }), domain: this.#domain },
      "listening",
    );
  }

  async #open(listener: Listener, { host, port }: ListenAddress): Promise<string> {
    listener.listen({ host, port });
    await once(listener, "listening");
    this.#listeners.push(listener);
    const bound = listener.address() as AddressInfo;
    this.#port = bound.port;
    return bound.family === "IPv6" ? `[${bound.address}]:${bound.port}` : `${bound.address}:${bound.port}`;
  }

  get url(): string {
    return this.#address(this.#domain);
  }

  get hasTls(): boolean {
    return this.#certificates !== undefined;
  }

  hasRoomFor(name: string): boolean {
    const served = this.names.find(name);
    return this.names.tunnels < this.#maxTunnels || (served !== undefined && served !== "away");
  }

  get healthy(): boolean {
    return this.#stopping === undefined;
  }

  get sessions(): number {
    return [...this.#sessions].filter(({ known }) => known).length;
  }

  get tunnels(): number {
    return this.names.tunnels;
  }

  get streams(): number {
    return [...this.#sessions].reduce((sum, { streams }) => sum + streams, 0);
  }

  get connections(): number {
    return this.#gateway.visitors;
  }

  get certificateEnds(): Date | undefined {
    return this.#certificates?.notAfter;
  }

  publicUrl(name: string): string {
    return this.#address(`${name}.${this.#domain}`);
  }

  replaceApiKeys(keys: readonly ApiKey[]): void {
    this.#keys.replace(keys);
    for (const session of this.#sessions) session.checkAuthority();
  }

  replaceCertificates(certificates: readonly Certificate[], clientAuthority?: ClientAuthority): void {
    if (this.#certificates === undefined) throw new RangeError("this server has no TLS");
    this.#certificates.replace(certificates, clientAuthority);
    this.#clients.replace(clientAuthority);
    for (const session of this.#sessions) session.checkAuthority();
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  onClient(socket: Socket, head: Buffer, address: string): void {
    this.#newcomers.add(() => {
      if (!this.healthy) socket.destroy();
      else if (!socket.destroyed) this.#admit(socket, head, address);
    });
  }

  #admit(socket: Socket, head: Buffer, address: string): void {
    const retryAfter = this.#gateway.overloaded
      ? Math.round(SERVER_LIMITS.overloadedRetry * (1 + Math.random()))
      : this.#gate.enter(address);
    const setTimer = (task: () => void, milliseconds: number): void => void setTimeout(task, milliseconds).unref();
    const transport = new WebSocketTransport({ socket, role: "server", head, setTimer });
    const peer = socket instanceof TLSSocket ? peerCertificate(socket) : undefined;
    const session = new ClientSession(transport, address, this, peer);
    this.#sessions.add(session);
    if (retryAfter !== undefined) return session.refuse("PN_LOGIN_BUSY", retryAfter);
    const timer = setTimeout(() => session.refuse("PN_LOGIN_TIMEOUT"), LOGIN_LIMITS.timeout);
    let bytes = 0;
    const count = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes > LOGIN_LIMITS.bytes) transport.terminate();
    };
    // It counts before the session reads.
    socket.prependListener("data", count);
    this.#logins.set(session, () => {
      clearTimeout(timer);
      socket.off("data", count);
      this.#gate.leave(address);
    });
  }

  onRefused(code: string): void {
    this.#metrics?.refused(code);
  }

  onLogin(session: ClientSession): void {
    this.#metrics?.login("ok");
    this.#endLogin(session);
  }

  onFinished(request: FinishedRequest): void {
    this.#metrics?.finished(request);
  }

  onClose(session: ClientSession, { code }: TunnelError): void {
    if (!session.known) this.#metrics?.login(code);
    this.#endLogin(session);
    this.#sessions.delete(session);
    if (this.#sessions.size === 0) this.#allGone?.();
  }

  #onPressure(pressure: MemoryPressure): void {
    if (pressure === "none") this.log.info("there is enough memory again");
    else this.log.warn({ pressure }, `memory is short: ${PRESSURE[pressure]}; give the server more, or fewer to serve`);
  }

  #endLogin(session: ClientSession): void {
    this.#logins.get(session)?.();
    this.#logins.delete(session);
  }

  /** Where visitors reach `host`. */
  #address(host: string): string {
    const { protocol, port } = this.#publicUrl ?? {
      protocol: this.#certificates === undefined ? "http:" : "https:",
      port: this.#port,
    };
    return new URL(`${protocol}//${host}:${port}`).origin;
  }

  /** The base domain and IP literals are the server itself; the names below the domain are tunnels. */
  #route(head: RequestHead, { proto }: Arrival): Route {
    const { host, path } = head;
    if (this.#redirects && proto === "http" && host !== "" && !this.#isExempt(path))
      return { ...INSECURE, location: this.#address(host) + (path.startsWith("/") ? path : "/") };
    if (host.endsWith(this.#suffix)) {
      const name = host.slice(0, -this.#suffix.length);
      const probe = probeOf(head);
      const probed = probe === "" ? undefined : this.names.probed(name, probe);
      if (probed !== undefined) return probed.probe;
      const tunnel = this.names.find(name);
      return tunnel === "away" ? AWAY : (tunnel ?? UNKNOWN);
    }
    const self = host === this.#domain || host === "" || isIP(host.replace(/^\[|\]$/g, "")) !== 0;
    return self ? this.#self : UNKNOWN;
  }

  #isExempt(asked: string): boolean {
    const [path = ""] = asked.split("?", 1);
    return this.#redirectExempt.some((exempt) => path === exempt || path.startsWith(exempt.replace(/\/?$/, "/")));
  }

  #tick(): void {
    const now = performance.now();
    for (const session of this.#sessions) session.tick(now);
    this.names.sweep();
    this.#gate.sweep();
    this.#statusLog?.tick(now);
  }

  /** New work is refused first, then what runs may finish, then the clients are let go. */
  async #stop(): Promise<void> {
    this.log.info("stopping");
    const closed = this.#listeners.map((listener) => once(listener.close(), "close"));
    this.#tlsFront?.close();
    let comeBack = COME_BACK.first;
    for (const session of this.#sessions) {
      session.goAway(comeBack);
      comeBack = Math.min(comeBack + COME_BACK.apart, COME_BACK.last);
    }
    await this.#gateway.drain(this.#drainTimeout);
    clearInterval(this.#timer);
    this.#statusLog?.write();
    if (this.#sessions.size > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#allGone = resolve;
      const timer = setTimeout(resolve, FAREWELL);
      for (const session of this.#sessions) session.close();
      await promise;
      clearTimeout(timer);
      for (const session of this.#sessions) session.terminate();
    }
    await Promise.all(closed);
    this.log.info("stopped");
  }
}
