import { once } from "node:events";
import { createServer, isIP, type AddressInfo, type Server as Listener, type Socket } from "node:net";
import type { Logger } from "pino";
import { Gateway, refusals, TrustedProxies, type RefusalRoute, type RequestHead, type Route } from "@postern/gateway";
import { LOGIN_LIMITS, WebSocketTransport } from "@postern/protocol";
import { ApiKeys } from "./api-keys.js";
import { ClientSession, type SessionHost } from "./client-session.js";
import { FrontDesk, type FrontDeskEvents } from "./front-desk.js";
import { SERVER_LIMITS } from "./limits.js";
import { LoginGate } from "./login-gate.js";
import { DEFAULT_NAME_RULES, type NameRules } from "./name.js";
import { NameRegistry } from "./name-registry.js";
import type { ApiKey, Server, ServerOptions } from "./options.js";

/** How often sessions look at the clock, in milliseconds. */
const TICK = 1_000;
/** How long clients may take to close at the end, in milliseconds. */
const FAREWELL = 1_000;
/** Socket buffer beyond which `drain` is told, in bytes: small, so that it is known soon when the kernel has taken all. */
const WRITE_BUFFER = 4 * 1024;
/** After so many milliseconds of silence the kernel asks whether a connection's other end is still there. */
const PROBE_AFTER = 60_000;

const UNKNOWN: RefusalRoute = { kind: "refusal", refusal: refusals.PN_TUNNEL_UNKNOWN };
const AWAY: RefusalRoute = { kind: "refusal", refusal: refusals.PN_TUNNEL_AWAY };

/** The public tunnel server: one listener, where visitors are relayed to tunnels and clients become sessions. */
export class TunnelServer implements Server, SessionHost, FrontDeskEvents {
  readonly keys: ApiKeys;
  readonly names = new NameRegistry(() => performance.now());
  readonly log: Logger;
  readonly requestLog: Logger;
  readonly nameRules: NameRules;
  address = "";

  readonly #maxTunnels: number;
  readonly #domain: string;
  readonly #suffix: string;
  readonly #publicUrl: URL | undefined;
  readonly #drainTimeout: number;
  readonly #gate = new LoginGate();
  readonly #sessions = new Set<ClientSession>();
  /** What ends the limits that hold before login. */
  readonly #logins = new Map<ClientSession, () => void>();
  readonly #frontDesk: FrontDesk;
  readonly #gateway: Gateway;
  readonly #listener: Listener;
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
    this.keys = new ApiKeys(options.apiKeys);
    this.#domain = (options.domain ?? "localhost").toLowerCase().replace(/\.$/, "");
    this.#suffix = `.${this.#domain}`;
    this.#drainTimeout = options.drainTimeout ?? SERVER_LIMITS.drain;
    this.#publicUrl = options.publicUrl === undefined ? undefined : new URL(options.publicUrl);
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
    this.#gateway = new Gateway((head) => this.#route(head), { proto, trustedProxies, limits, onFault });
    this.#frontDesk = new FrontDesk(this, trustedProxies);
    const sockets = {
      allowHalfOpen: true,
      noDelay: true,
      highWaterMark: WRITE_BUFFER,
      keepAlive: true,
      keepAliveInitialDelay: PROBE_AFTER,
    };
    this.#listener = createServer(sockets, (socket) => this.#gateway.accept(socket));
    this.#timer = setInterval(() => this.#tick(), TICK);
  }

  async listen(host: string, port: number): Promise<void> {
    this.#listener.listen({ host, port });
    await once(this.#listener, "listening");
    const bound = this.#listener.address() as AddressInfo;
    this.#port = bound.port;
    this.address = bound.family === "IPv6" ? `[${bound.address}]:${bound.port}` : `${bound.address}:${bound.port}`;
    this.log.info({ address: this.address, domain: this.#domain }, "listening");
  }

  get url(): string {
    return this.#address(this.#domain);
  }

  hasRoomFor(name: string): boolean {
    const served = this.names.find(name);
    return this.names.tunnels < this.#maxTunnels || (served !== undefined && served !== "away");
  }

  get healthy(): boolean {
    return this.#stopping === undefined;
  }

  publicUrl(name: string): string {
    return this.#address(`${name}.${this.#domain}`);
  }

  replaceApiKeys(keys: readonly ApiKey[]): void {
    this.keys.replace(keys);
    for (const session of this.#sessions) session.checkAuthority();
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  onClient(socket: Socket, head: Buffer, address: string): void {
    const admitted = this.#gate.enter(address);
    const setTimer = (task: () => void, milliseconds: number): void => void setTimeout(task, milliseconds).unref();
    const transport = new WebSocketTransport({ socket, role: "server", head, setTimer });
    const session = new ClientSession(transport, address, this);
    this.#sessions.add(session);
    if (!admitted) return session.refuse("PN_LOGIN_BUSY", LOGIN_LIMITS.timeout);
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

  onLogin(session: ClientSession): void {
    this.#endLogin(session);
  }

  onClose(session: ClientSession): void {
    this.#endLogin(session);
    this.#sessions.delete(session);
    if (this.#sessions.size === 0) this.#allGone?.();
  }

  #endLogin(session: ClientSession): void {
    this.#logins.get(session)?.();
    this.#logins.delete(session);
  }

  /** Where visitors reach `host`. */
  #address(host: string): string {
    const { protocol, port } = this.#publicUrl ?? { protocol: "http:", port: this.#port };
    return new URL(`${protocol}//${host}:${port}`).origin;
  }

  /** The base domain and IP literals are the server itself; the names below the domain are tunnels. */
  #route({ host }: RequestHead): Route {
    if (host.endsWith(this.#suffix)) {
      const tunnel = this.names.find(host.slice(0, -this.#suffix.length));
      return tunnel === "away" ? AWAY : (tunnel ?? UNKNOWN);
    }
    const self = host === this.#domain || host === "" || isIP(host.replace(/^\[|\]$/g, "")) !== 0;
    return self ? this.#self : UNKNOWN;
  }

  #tick(): void {
    const now = performance.now();
    for (const session of this.#sessions) session.tick(now);
    this.names.sweep();
  }

  /** New work is refused first, then what runs may finish, then the clients are let go. */
  async #stop(): Promise<void> {
    this.log.info("stopping");
    const closed = once(this.#listener, "close");
    this.#listener.close();
    for (const session of this.#sessions) session.goAway();
    await this.#gateway.drain(this.#drainTimeout);
    clearInterval(this.#timer);
    if (this.#sessions.size > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#allGone = resolve;
      const timer = setTimeout(resolve, FAREWELL);
      for (const session of this.#sessions) session.close();
      await promise;
      clearTimeout(timer);
      for (const session of this.#sessions) session.terminate();
    }
    await closed;
    this.log.info("stopped");
  }
}
