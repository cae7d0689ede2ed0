import { randomUUID } from "node:crypto";
import { EventEmitter } from "node:events";
import { DEFAULT_LIMITS, TunnelError, type Bound, type Limits, type Requests } from "@postern/protocol";
import { DEFAULT_RECONNECTION } from "./backoff.js";
import { BoundedIterator } from "./bounded-iterator.js";
import { bestState, following } from "./session/connection-state.js";
import { credentialOf } from "./credential/configured-credential.js";
import type { DataPlaneState } from "./probe/data-plane.js";
import { HomeWatch } from "./session/failback.js";
import { REAL_MEANS, type Means } from "./session/dependencies.js";
import type { ConnectionState } from "./session/connection-state.js";
import type { ConnectOptions, ReconnectionOptions, TunnelEvent, TunnelEventType, TunnelHandle } from "./options.js";
import { parseProxyTo, type Proxy } from "./server-way/proxy-address.js";
import { parseServerAddress } from "./server-way/server-address.js";
import { ServerSearch } from "./session/server-selection.js";
import type { KeeperEvents, Keeping } from "./session/tunnel-context.js";
import { HEALTH_INTERVAL, type LiveSession } from "./session/session-attempt.js";
import { SessionKeeper } from "./session/session-supervisor.js";
import { configSummary } from "./status/config-summary.js";
import { EndpointStatus } from "./status/endpoint-status.js";
import type { EndpointReport } from "./status/status-document.js";
import { parseTarget, type Target } from "./local/local-address.js";
import { DRAIN } from "./session/tunnel-session.js";

/** Sessions of one tunnel, at most. */
const MOST_CONNECTIONS = 16;
/** At most one event about an unreachable local service in this many milliseconds. */
const DIAL_FAILURE_PAUSE = 1_000;

/**
 * A published service that is kept published, by one session or several that serve the name together. Its states, and what may follow what,
 * are in connection-state.ts.
 */
export class Tunnel extends EventEmitter implements TunnelHandle, Keeping, KeeperEvents {
  url = "";
  tunnelId = "";
  state: ConnectionState = "disconnected";
  dataPlane: DataPlaneState = "unknown";

  readonly options: ConnectOptions;
  readonly target: Target;
  readonly limits: Partial<Limits>;
  readonly reconnection: ReconnectionOptions;
  readonly search: ServerSearch;
  readonly means: Means;
  readonly instance = randomUUID();
  /** The name to ask for. */
  name: string | undefined;
  readonly #proxies: ReadonlyMap<URL, Proxy | undefined>;
  readonly #label: string;
  readonly #status: EndpointStatus;
  readonly #keepers: SessionKeeper[];
  readonly #stop = new AbortController();
  readonly #runs: Promise<void>[] = [];
  #ending: Promise<void> | undefined;
  #ignoreSurroundings = (): void => {};
  /** What waits for the tunnel to be open for the first time. */
  readonly #opened = Promise.withResolvers<void>();
  /** Looks for the first server while the tunnel is at another. */
  #homeWatch: HomeWatch | undefined;
  #lastDialFailure = -Infinity;

  /** @throws TypeError when `server`, `local`, `proxy` or `connections` cannot be understood, or there is not one credential. */
  constructor(options: ConnectOptions, means: Means = REAL_MEANS) {
    super();
    this.options = options;
    this.means = means;
    const servers = new Map<string, { address: URL; proxy: Proxy | undefined }>();
    for (const server of [options.server, ...(options.fallbacks ?? [])]) {
      const address = parseServerAddress(server);
      const proxy = parseProxyTo(server, options);
      // Who is named twice is one.
      if (!servers.has(address.href)) servers.set(address.href, { address, proxy });
    }
    this.#proxies = new Map([...servers.values()].map(({ address, proxy }) => [address, proxy]));
    this.search = new ServerSearch([...this.#proxies.keys()], means.uptime);
    this.target = parseTarget(options.local);
    this.reconnection = { ...DEFAULT_RECONNECTION, ...options.reconnection };
    this.name = options.subdomain;
    this.#label = options.name ?? options.subdomain ?? "default";
    this.limits = {
      heartbeat: Math.min(options.keepaliveInterval ?? Infinity, DEFAULT_LIMITS.heartbeat),
      streams: options.maxConnections ?? DEFAULT_LIMITS.streams,
    };
    this.#status = new EndpointStatus(this.#label, configSummary(options));
    const keeper = (): SessionKeeper => {
      const credential = credentialOf(options, (message, data) => this.report("token_refresh", message, data));
      return new SessionKeeper(this, credential, this);
    };
    const { connections = 1 } = options;
    if (!Number.isInteger(connections) || connections < 1 || connections > MOST_CONNECTIONS)
      throw new TypeError(`connections is a whole number from 1 to ${MOST_CONNECTIONS}, not ${connections}.`);
    this.#keepers = Array.from({ length: connections }, keeper);
    if (options.onEvent !== undefined) this.on("event", options.onEvent);
    options.signal?.addEventListener("abort", () => void this.close(), { once: true, signal: this.signal });
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  get closing(): boolean {
    return this.#ending !== undefined;
  }

  proxyTo(server: URL): Proxy | undefined {
    return this.#proxies.get(server);
  }

  /** Resolves when the tunnel is open for the first time; goes on keeping it open. @throws TunnelError when it fails for good. */
  open(): Promise<void> {
    // Nobody may be waiting any more when it ends.
    this.#opened.promise.catch(() => {});
    if (this.options.signal?.aborted === true) void this.close();
    else {
      this.#ignoreSurroundings = this.means.surroundings.listen((change) => {
        for (const keeper of this.#keepers) keeper.notice(change);
      });
      this.#run(this.#keepers[0] as SessionKeeper);
    }
    return this.#opened.promise;
  }

  status(): EndpointReport {
    return this.#status.report(Date.now());
  }

  close(): Promise<void> {
    return this.#end();
  }

  states(): BoundedIterator<ConnectionState> {
    return this.#iterate("state");
  }

  events(): BoundedIterator<TunnelEvent> {
    return this.#iterate("event");
  }

  // ---- what its sessions tell

  onState(): void {
    if (this.closing) return;
    this.#setState(bestState(this.#keepers.map(({ state }) => state)));
    this.onDataPlane();
  }

  onBound({ public_url, tunnel_id, name }: Bound, isNew: boolean): void {
    this.url = public_url;
    this.name = name;
    this.#watchHome();
    if (!isNew) return;
    this.#gather();
    this.tunnelId = tunnel_id;
    const local = String(this.options.local);
    this.report("tunnel_established", `${this.url} → ${local}`, { public_url, tunnel_id, local });
    if (this.#runs.length > 1) return;
    // The name is asked for once; then the others join in.
    this.#opened.resolve();
    for (const keeper of this.#keepers.slice(1)) this.#run(keeper);
  }

  onLost({ code, message, retryable }: TunnelError): void {
    const others = this.search.standing;
    if (others === 0) return this.report("tunnel_closed", message, { code, public_url: this.url });
    const rest = others === 1 ? "Another session serves" : `${others} other sessions serve`;
    this.report("connection_failure", `${message} ${rest} the tunnel.`, { code, retryable, others });
    const standing = this.#keepers.flatMap(({ live }) => live ?? []);
    if (standing.some(({ server }) => server === this.search.current)) return;
    // It was the first that had gone to another server: the tunnel is where the others are.
    const [{ server, bound }] = standing as [LiveSession];
    this.search.turnTo(server);
    this.onBound(bound as Bound, true);
  }

  onRequests({ records, omitted }: Requests): void {
    for (const record of records) {
      this.report("http_request", `${record.method} ${record.path} ${record.status}`, { ...record });
    }
    if (omitted > 0) this.report("http_request", `${omitted} more requests`, { omitted });
  }

  onDialFailure(code: string, error: Error): void {
    const now = this.means.uptime();
    if (now - this.#lastDialFailure < DIAL_FAILURE_PAUSE) return;
    this.#lastDialFailure = now;
    const { host, port } = this.target;
    this.report("error", `the local service at ${host}:${port} cannot be reached: ${reason(error)}`, { code });
  }

  /** One session through which nothing comes fails visitors, whatever the others do. */
  onDataPlane(error?: string): void {
    const all = new Set(this.#keepers.map(({ live }) => live?.session?.dataPlane));
    const state = all.has("failing") ? "failing" : all.has("ok") ? "ok" : "unknown";
    if (this.dataPlane === state) return;
    this.dataPlane = state;
    const message = error ?? `requests through ${this.url}: ${state}`;
    this.report("status_update", message, { data_plane: state, ...(error !== undefined && { error }) });
  }

  report(type: TunnelEventType, message: string, data: Record<string, unknown>): void {
    const event: TunnelEvent = { time: new Date().toISOString(), type, endpoint: this.#label, message, data };
    this.#status.add(event);
    this.emit("event", event);
  }

  #run(keeper: SessionKeeper): void {
    this.#runs.push(keeper.run().catch((error: TunnelError) => void this.#end(error)));
  }

  /** Ends the tunnel, because it is asked for or because of `error`: what is in progress may finish. */
  #end(error?: TunnelError): Promise<void> {
    this.#ending ??= Promise.resolve().then(() => this.#drain(error));
    return this.#ending;
  }

  async #drain(error: TunnelError | undefined): Promise<void> {
    this.#homeWatch?.stop();
    this.#ignoreSurroundings();
    const isOpen = this.#keepers.some(({ isOpen }) => isOpen);
    if (isOpen || (error === undefined && this.#runs.length > 0)) this.#setState("draining");
    await Promise.all(this.#keepers.map((keeper) => keeper.drain(DRAIN)));
    if (isOpen && error === undefined) {
      const { code, message } = new TunnelError("PN_CLOSED");
      this.report("tunnel_closed", message, { code, public_url: this.url });
    }
    this.#stop.abort();
    for (const keeper of this.#keepers) keeper.close();
    await Promise.all(this.#runs);
    for (const keeper of this.#keepers) keeper.release();
    this.#setState(error === undefined ? "disconnected" : "failed");
    this.#opened.reject(error ?? new TunnelError("PN_CLOSED"));
    this.emit("closed", error);
  }

  /** While the tunnel is at another server than the first: goes back when that is there again. */
  #watchHome(): void {
    if (this.search.isHome) {
      this.#homeWatch?.stop();
      this.#homeWatch = undefined;
      return;
    }
    const { home } = this.search;
    const { server, tls, proxy, healthInterval: interval = HEALTH_INTERVAL } = this.options;
    const way = { server, ...(tls && { tls }), ...(proxy !== undefined && { proxy }) };
    this.#homeWatch ??= new HomeWatch({
      clock: this.means.clock,
      interval,
      isBack: () => this.means.isUp(way),
      move: () => this.#move(home),
    });
  }

  /** One session goes to `server` without a gap, and the others follow. Returns whether that worked. */
  async #move(server: URL): Promise<boolean> {
    const first = this.#keepers.find(({ live }) => live !== undefined);
    return first !== undefined && !this.closing && (await first.move(server)) === "done";
  }

  /** Sessions that are at another server than the tunnel come to it. */
  #gather(): void {
    for (const keeper of this.#keepers) void keeper.follow();
  }

  #iterate<T>(event: "state" | "event"): BoundedIterator<T> {
    const iterator: BoundedIterator<T> = new BoundedIterator((push) => {
      this.on(event, push);
      return () => this.off(event, push);
    });
    this.once("closed", () => iterator.end());
    return iterator;
  }

  #setState(state: ConnectionState): void {
    if (this.state === state) return;
    this.state = following(this.state, state);
    this.#status.stateChanged(state, Date.now());
    this.emit("state", state);
  }
}

/** Who tries several addresses gets several errors, and no message for all. */
function reason(error: Error): string {
  const first = error instanceof AggregateError ? (error.errors[0] as Error) : error;
  return first.message;
}
