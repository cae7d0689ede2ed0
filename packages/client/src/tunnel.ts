import { randomUUID } from "node:crypto";
import { EventEmitter } from "node:events";
import { authorityOf } from "@postern/net";
import {
  DEFAULT_LIMITS,
  MAX_WEIGHT,
  TunnelError,
  type Bound,
  type ErrorCode,
  type Limits,
  type Requests,
} from "@postern/protocol";
import { reconnectionOptions } from "./reconnection/backoff.js";
import { BoundedIterator } from "./bounded-iterator.js";
import { credentialOf } from "./credential/configured-credential.js";
import { isInProcess, localOf, type Local } from "./local/local-end.js";
import { localFaultCode } from "./local/local-fault.js";
import { LocalMonitor } from "./local/local-monitor.js";
import type { ConnectOptions, ReconnectionOptions, TunnelHandle } from "./options.js";
import type { DataPlaneState } from "./probe/data-plane.js";
import type { Proxy } from "./server-connection/proxy-address.js";
import { serverProxies } from "./server-connection/server-proxies.js";
import { bestState, following, type ConnectionState } from "./session/connection-state.js";
import { SYSTEM_DEPENDENCIES, type Dependencies } from "./session/dependencies.js";
import { Failback } from "./reconnection/failback.js";
import { ServerSelection } from "./reconnection/server-selection.js";
import { HEALTH_INTERVAL, type SessionAttempt } from "./session/session-attempt.js";
import { isStrategyName } from "./session/grant.js";
import { checkPolicySize } from "./session/policy-support.js";
import { SessionSupervisor } from "./session/session-supervisor.js";
import type { TunnelContext } from "./session/tunnel-context.js";
import { DRAIN } from "./session/tunnel-session.js";
import { otherClients } from "./status/group-text.js";
import { configSummary, localName } from "./status/config-summary.js";
import { EventReporter } from "./status/event-reporter.js";
import type { EndpointReport } from "./status/status-document.js";
import type { GroupState, TunnelEvent, TunnelEventData, TunnelEventType } from "./tunnel-event.js";
import type { TunnelEvents } from "./tunnel-events.js";

/** The largest number of sessions of one tunnel. */
const MAX_CONNECTIONS = 16;

/** A tunnel, served by one session or by several sessions together. connection-state.ts documents its states. */
export class Tunnel extends EventEmitter implements TunnelHandle, TunnelContext, TunnelEvents {
  url = "";
  tunnelId = "";
  state: ConnectionState = "disconnected";
  dataPlane: DataPlaneState = "unknown";

  readonly options: ConnectOptions;
  readonly local: Local;
  readonly limits: Partial<Limits>;
  readonly reconnection: ReconnectionOptions;
  readonly servers: ServerSelection;
  readonly proxies: ReadonlyMap<URL, Proxy | undefined>;
  readonly dependencies: Dependencies;
  readonly instance = randomUUID();
  name: string | undefined;
  readonly #reporter: EventReporter;
  readonly #localMonitor: LocalMonitor;
  #hasSuggestedHostHeader = false;
  /** As it was reported last; undefined: it is not known. */
  #group: GroupState | undefined;
  readonly #supervisors: SessionSupervisor[];
  readonly #stop = new AbortController();
  readonly #runs: Promise<void>[] = [];
  #ending: Promise<void> | undefined;
  #stopListening = (): void => {};
  /** Resolves when the tunnel is open for the first time. */
  readonly #opened = Promise.withResolvers<void>();
  /** Set while the tunnel is at a fallback. */
  #failback: Failback | undefined;

  /** @throws TypeError when an option cannot be parsed, or there is not exactly one credential. */
  constructor(options: ConnectOptions, dependencies: Dependencies = SYSTEM_DEPENDENCIES) {
    super();
    this.options = options;
    this.dependencies = dependencies;
    this.proxies = serverProxies(options);
    this.servers = new ServerSelection([...this.proxies.keys()], dependencies.uptime);
    this.local = localOf(options.local, options.localTls);
    this.reconnection = reconnectionOptions(options.reconnection);
    this.name = options.subdomain;
    this.limits = {
      heartbeat: Math.min(options.keepaliveInterval ?? Infinity, DEFAULT_LIMITS.heartbeat),
      streams: options.maxConnections ?? DEFAULT_LIMITS.streams,
    };
    checkGroupOptions(options);
    if (options.access !== undefined) checkPolicySize(options.access);
    const label = options.name ?? options.subdomain ?? "default";
    const emit = (event: TunnelEvent): void => void this.emit("event", event);
    this.#reporter = new EventReporter(label, configSummary(options), dependencies.uptime, emit);
    this.#localMonitor = new LocalMonitor({
      connect: (signal) => (isInProcess(this.local) ? Promise.resolve() : dependencies.reachLocal(this.local, signal)),
      clock: dependencies.clock,
      onFailing: (error) => this.#reporter.localMissing(this.#localAddress, localFaultCode(error), error),
      onOk: (before) =>
        this.report("status_update", `the local service at ${this.#localAddress} accepts connections`, {
          local: "ok",
          before,
        }),
    });
    const supervisor = (): SessionSupervisor => {
      const credential = credentialOf(options, (message, data) => this.report("token_refresh", message, data));
      return new SessionSupervisor(this, credential, this);
    };
    this.#supervisors = Array.from({ length: connectionsOf(options) }, supervisor);
    if (options.onEvent !== undefined) this.on("event", options.onEvent);
    options.signal?.addEventListener("abort", () => void this.close(), { once: true, signal: this.signal });
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  get isClosing(): boolean {
    return this.#ending !== undefined;
  }

  /**
   * Resolves when the tunnel is open for the first time, and keeps it open. @throws TunnelError when the tunnel fails.
   */
  open(): Promise<void> {
    // A failure after the tunnel was open has no caller to reject.
    this.#opened.promise.catch(() => {});
    if (this.options.signal?.aborted === true) void this.close();
    else {
      this.#stopListening = this.dependencies.network.listen((change) => {
        for (const supervisor of this.#supervisors) supervisor.onHostChange(change);
      });
      this.#localMonitor.start();
      this.#run(this.#supervisors[0] as SessionSupervisor);
    }
    return this.#opened.promise;
  }

  status(): EndpointReport {
    return this.#reporter.status();
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

  report<Type extends TunnelEventType>(type: Type, message: string, data: TunnelEventData[Type]): void {
    this.#reporter.report(type, message, data);
  }

  onState(): void {
    if (this.isClosing) return;
    this.#setState(bestState(this.#supervisors.map(({ state }) => state)));
    this.onDataPlane();
  }

  onBound({ public_url, tunnel_id, name, members, strategy, policies }: Bound, isNew: boolean): void {
    this.url = public_url;
    this.name = name;
    this.#watchPrimary();
    if (!isNew) return;
    for (const supervisor of this.#supervisors) void supervisor.follow();
    this.tunnelId = tunnel_id;
    const local = localName(this.options.local);
    this.#group = members === undefined || strategy === undefined ? undefined : { members, strategy };
    const group = this.#group ?? (members === undefined ? {} : { members });
    const access = policies === undefined ? {} : { access: policies };
    const message = `${this.url} → ${local}${accessText(policies)}${groupText(members)}`;
    this.report("tunnel_established", message, { public_url, tunnel_id, local, ...group, ...access });
    if (this.#runs.length > 1) return;
    // The first session requests the name, or lets the server choose one. The others request that name.
    this.#opened.resolve();
    for (const supervisor of this.#supervisors.slice(1)) this.#run(supervisor);
  }

  onLost({ code, message, retryable }: TunnelError): void {
    const others = this.servers.connected;
    if (others === 0) return this.report("tunnel_closed", message, { code, public_url: this.url });
    const rest = others === 1 ? "Another session serves" : `${others} other sessions serve`;
    this.report("connection_failure", `${message} ${rest} the tunnel.`, { code, retryable, others });
    const sessions = this.#supervisors.flatMap(({ current }) => current ?? []);
    if (sessions.some(({ server }) => server === this.servers.current)) return;
    // The lost session was the first to move to another server. The tunnel is still where the other sessions are.
    const [{ server, bound }] = sessions as [SessionAttempt];
    this.servers.moveTo(server);
    this.onBound(bound as Bound, true);
  }

  onRequests(message: Requests): void {
    this.#reporter.requests(message);
  }

  onGroup({ members, strategy }: GroupState): void {
    // Each session of the tunnel reports it. The text of a server that is not one of ours may be anything.
    const isKnown = this.#group?.members === members && this.#group.strategy === strategy;
    if (isKnown || !isStrategyName(strategy)) return;
    this.#group = { members, strategy };
    this.report("status_update", `${otherClients(members)} (${strategy})`, { group: { members, strategy } });
  }

  onDialled(): void {
    this.#localMonitor.connected();
  }

  onDialFailure(code: ErrorCode, error: Error): void {
    if (this.#reporter.dialFailure(this.#localAddress, code, error)) this.#localMonitor.failed();
  }

  onHostRefused(software: string): void {
    if (this.#hasSuggestedHostHeader || this.options.hostHeader === "rewrite") return;
    this.#hasSuggestedHostHeader = true;
    const message = `the local service refuses requests for ${new URL(this.url).host}: ${software} checks the Host. Use --host-header rewrite, or set host_header = "rewrite" for this endpoint.`;
    this.report("status_update", message, { suggestion: "host_header_rewrite", software });
  }

  onLocalTls(): void {
    this.#reporter.wrongScheme(this.#localAddress);
  }

  /**
   * One failing session makes the tunnel's state `failing`: its visitors get errors even if the other sessions work.
   */
  onDataPlane(error?: string): void {
    const all = new Set(this.#supervisors.map(({ current }) => current?.session?.dataPlane));
    const state = all.has("failing") ? "failing" : all.has("ok") ? "ok" : "unknown";
    if (this.dataPlane === state) return;
    this.dataPlane = state;
    const message = error ?? `requests through ${this.url}: ${state}`;
    this.report("status_update", message, { data_plane: state, ...(error !== undefined && { error }) });
  }

  get #localAddress(): string {
    return isInProcess(this.local) ? this.local.name : authorityOf(this.local.host, this.local.port);
  }

  #run(supervisor: SessionSupervisor): void {
    this.#runs.push(supervisor.run().catch((error: TunnelError) => void this.#end(error)));
  }

  /** Ends the tunnel, by request or with `error`. Open streams may finish. */
  #end(error?: TunnelError): Promise<void> {
    this.#ending ??= Promise.resolve().then(() => this.#drain(error));
    return this.#ending;
  }

  async #drain(error: TunnelError | undefined): Promise<void> {
    this.#failback?.stop();
    this.#localMonitor.stop();
    this.#stopListening();
    const isOpen = this.#supervisors.some((supervisor) => supervisor.isOpen);
    if (isOpen || (error === undefined && this.#runs.length > 0)) this.#setState("draining");
    await Promise.all(this.#supervisors.map((supervisor) => supervisor.drain(DRAIN)));
    if (isOpen && error === undefined) {
      const { code, message } = new TunnelError("PN_CLOSED");
      this.report("tunnel_closed", message, { code, public_url: this.url });
    }
    this.#stop.abort();
    for (const supervisor of this.#supervisors) supervisor.close();
    await Promise.all(this.#runs);
    await Promise.all(this.#supervisors.map((supervisor) => supervisor.release()));
    this.#setState(error === undefined ? "disconnected" : "failed");
    this.#opened.reject(error ?? new TunnelError("PN_CLOSED"));
    this.emit("closed", error);
  }

  /** Moves the tunnel back to the primary server when it is up again. */
  #watchPrimary(): void {
    if (this.servers.isAtPrimary) {
      this.#failback?.stop();
      this.#failback = undefined;
      return;
    }
    const { primary } = this.servers;
    const { server, tls, proxy, healthInterval: interval = HEALTH_INTERVAL } = this.options;
    const access = { server, ...(tls && { tls }), ...(proxy !== undefined && { proxy }) };
    this.#failback ??= new Failback({
      clock: this.dependencies.clock,
      interval,
      isBack: () => this.dependencies.isUp(access),
      move: () => this.#move(primary),
    });
  }

  /** Moves one session to `server` without a gap; the others follow. Returns whether that succeeded. */
  async #move(server: URL): Promise<boolean> {
    const first = this.#supervisors.find(({ current }) => current !== undefined);
    return first !== undefined && !this.isClosing && (await first.move(server)) === "done";
  }

  #iterate<Name extends "state" | "event">(event: Name): BoundedIterator<Emitted[Name]> {
    const iterator: BoundedIterator<Emitted[Name]> = new BoundedIterator((push) => {
      this.on(event, push);
      return () => this.off(event, push);
    });
    this.once("closed", () => iterator.end());
    return iterator;
  }

  #setState(state: ConnectionState): void {
    if (this.state === state) return;
    this.state = following(this.state, state);
    this.#reporter.stateChanged(state);
    this.emit("state", state);
  }
}

interface Emitted {
  state: ConnectionState;
  event: TunnelEvent;
}

/** What the message about a tunnel says of the other clients of its group. */
function groupText(members: number | undefined): string {
  if (members === undefined) return "";
  if (members < 2) return ", the first client of its group";
  return `, together with ${members === 2 ? "another client" : `${members - 1} other clients`}`;
}

/** What the message about a tunnel says of its policies. */
function accessText(policies: Bound["policies"] = {}): string {
  const words = Object.values(policies);
  return words.length === 0 ? "" : `, access: ${words.join(", ")}`;
}

function checkGroupOptions({ join, weight, strategy, subdomain }: ConnectOptions): void {
  // The server would give each client a name of its own.
  if (join === true && subdomain === undefined) throw new TypeError("join needs a subdomain.");
  if (strategy !== undefined && join !== true) throw new TypeError("strategy needs join.");
  if (weight === undefined) return;
  if (join !== true) throw new TypeError("weight needs join.");
  if (!Number.isInteger(weight) || weight < 0 || weight > MAX_WEIGHT)
    throw new TypeError(`weight must be a whole number from 0 to ${MAX_WEIGHT}, not ${weight}.`);
}

function connectionsOf({ connections = 1 }: ConnectOptions): number {
  if (!Number.isInteger(connections) || connections < 1 || connections > MAX_CONNECTIONS)
    throw new TypeError(`connections must be a whole number from 1 to ${MAX_CONNECTIONS}, not ${connections}.`);
  return connections;
}

/** Checks options without connecting. @throws TypeError as `connect`. */
export function checkConnectOptions(options: ConnectOptions): void {
  void new Tunnel(options);
}
