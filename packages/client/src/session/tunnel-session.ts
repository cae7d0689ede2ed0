import {
  TunnelError,
  type Auth,
  type Bound,
  type ControlMessage,
  type ErrorCode,
  type Policies,
  type Refreshed,
  type Session,
  type SessionHandler,
  type Stream,
  type StreamHandler,
} from "@postern/protocol";
import { SYSTEM_CLOCK } from "../clock.js";
import type { LocalEnd } from "../local/local-end.js";
import { DataPlane, type DataPlaneState } from "../probe/data-plane.js";
import { Probe, type ProbeRoute } from "../probe/probe.js";
import { ProbedStream } from "../probe/probed-stream.js";
import { remoteError } from "../server-connection/login.js";
import type { TunnelEvents } from "../tunnel-events.js";
import type { HostChange } from "../reconnection/network-monitor.js";

/** How long open streams may take to finish when a tunnel is closed, in milliseconds. */
export const DRAIN = 30_000;
/** Milliseconds between two ticks of the session. */
const TICK = 1_000;
/** Timeout of a check whether the server is alive, in milliseconds. */
const CHECK_TIMEOUT = 5_000;

const CHANGES: Readonly<Record<HostChange, string>> = {
  wakeup: "this machine woke up",
  network: "this machine's network has changed",
};

export interface BindRequest {
  subdomain: string | undefined;
  hostHeader: string | undefined;
  /** Sessions with the same instance serve a name together. */
  instance: string;
  /** The status that visitors get while no session serves the name. */
  offlineStatus: number | undefined;
  /** Serve the name together with the clients that serve it already. The session must have the feature for it. */
  join: boolean;
  weight: number | undefined;
  strategy: string | undefined;
  /** Who may use the tunnel. The session must have the feature for it. */
  policies: Policies | undefined;
}

/** Receives the events of a session itself. Events of the tunnel go to TunnelEvents. */
export interface SessionOwner {
  /** The credential expires in this many milliseconds. */
  onExpiring(milliseconds: number): void;
  /** A PING was answered after this many milliseconds. */
  onPong(latency: number): void;
  /** The server has withdrawn the tunnel. Open streams may finish; then the session is closed. */
  onUnbound(reason: TunnelError): void;
  /** The server asks the client to replace this session, at once or after `retryAfter` milliseconds. */
  onGoAway(retryAfter: number): void;
  onClose(reason: TunnelError): void;
}

/** A tunnel on a logged-in session: requests the name, and connects each stream to the local service. */
export class TunnelSession implements SessionHandler {
  readonly #session: Session;
  readonly #local: LocalEnd;
  readonly #owner: SessionOwner;
  readonly #events: TunnelEvents;
  readonly #timer: NodeJS.Timeout;
  readonly #bound = Promise.withResolvers<Bound>();
  /** Refreshes that have no response yet, by number. */
  readonly #refreshing = new Map<number, PromiseWithResolvers<Refreshed>>();
  #refreshes = 0;
  /** Resolves when no stream is open; created by the first caller that waits for it. */
  #idle: PromiseWithResolvers<void> | undefined;
  /** Why the server is about to close the session, with its hint when to reconnect. */
  #announced: TunnelError | undefined;
  #tunnel = -1;
  /** Whether the server admits only some visitors. Then nothing but a probe of this client may come as one. */
  #isGuarded = false;
  /** Whether this side is closing the session. */
  #isClosing = false;
  #aliveTimer: NodeJS.Timeout | undefined;
  #probe: Probe | undefined;
  #dataPlane: DataPlane | undefined;
  /** Connections to the local service that are not closed yet. */
  #connections = 0;
  readonly #onConnectionClosed = (): void => void this.#connections--;

  constructor(session: Session, local: LocalEnd, owner: SessionOwner, events: TunnelEvents) {
    this.#session = session;
    this.#local = local;
    this.#owner = owner;
    this.#events = events;
    session.handler = this;
    this.#timer = setInterval(() => session.tick(), TICK);
    // Measures the round trip before there is any load.
    session.ping();
  }

  /** Requests the name; waits `timeout` milliseconds for the response. @throws TunnelError of the server. */
  bind(request: BindRequest, timeout: number): Promise<Bound> {
    const { subdomain, hostHeader, instance, offlineStatus, join, weight, strategy, policies } = request;
    this.#session.control({
      type: "bind",
      bind: 1,
      local_host: this.#local.authority,
      instance,
      ...(subdomain === undefined ? {} : { subdomain }),
      ...(hostHeader === undefined ? {} : { host_header: hostHeader }),
      ...(offlineStatus === undefined ? {} : { offline_status: offlineStatus }),
      ...(join ? { join } : {}),
      ...(join && weight !== undefined ? { weight } : {}),
      ...(join && strategy !== undefined ? { strategy } : {}),
      ...(policies === undefined ? {} : { policies }),
    });
    const late = (): void =>
      this.#bound.reject(new TunnelError("PN_SERVER_UNREACHABLE", "no response to the request for the name"));
    const timer = setTimeout(late, timeout);
    return this.#bound.promise.finally(() => clearTimeout(timer));
  }

  /** Whether requests reach the client. */
  get dataPlane(): DataPlaneState {
    return this.#dataPlane?.state ?? "unknown";
  }

  /**
   * Probes the tunnel every `interval` milliseconds. The session is closed when probes used to succeed and now fail.
   */
  watchDataPlane(route: ProbeRoute, interval: number): void {
    const probe = new Probe(route);
    this.#probe = probe;
    this.#dataPlane = new DataPlane({
      interval,
      probe: (signal) => probe.send(signal),
      clock: SYSTEM_CLOCK,
      onChange: (_, error) => this.#events.onDataPlane(error),
      onLost: () => this.#session.close(new TunnelError("PN_DATA_PLANE_LOST")),
    });
  }

  /**
   * Aborts the session if the server sends nothing for 5 seconds, because the connection may be dead after `change`.
   */
  checkAlive(change: HostChange): void {
    clearTimeout(this.#aliveTimer);
    const { receivedAt } = this.#session;
    this.#session.ping();
    this.#aliveTimer = setTimeout(() => {
      if (this.#session.receivedAt === receivedAt)
        this.#session.abort(
          new TunnelError("PN_HEARTBEAT_LOST", `${CHANGES[change]}, and the server does not respond`),
        );
    }, CHECK_TIMEOUT);
  }

  /** Replaces the session's credential; streams are not interrupted. @throws TunnelError of the server. */
  refresh(auth: Auth): Promise<Refreshed> {
    const refresh = ++this.#refreshes;
    const response = Promise.withResolvers<Refreshed>();
    this.#refreshing.set(refresh, response);
    this.#session.control({ type: "refresh", refresh, auth });
    return response.promise;
  }

  /** Accepts no new streams, lets open ones finish within `timeout` milliseconds, then closes. */
  async drain(timeout: number): Promise<void> {
    await this.#finish(timeout);
    this.close();
  }

  close(): void {
    this.#isClosing = true;
    this.#session.close(new TunnelError("PN_CLOSED"));
  }

  onStream(stream: Stream, isProbe: boolean): void {
    if (stream.tunnel !== this.#tunnel) return stream.reset("PN_TUNNEL_UNBOUND");
    // A connection counts until it is closed, so that a server that opens and resets streams quickly cannot exceed the
    // limit.
    if (this.#connections >= this.#session.limits.streams) return stream.reset("PN_STREAM_LIMIT");
    this.#connections++;
    const probe = isProbe ? this.#probe : undefined;
    if (probe === undefined) return void this.#relay(stream);
    new ProbedStream(stream, {
      respond: (head) => probe.respond(head),
      relay: () => (this.#isGuarded ? undefined : this.#relay(stream)),
      onClosed: this.#onConnectionClosed,
    });
  }

  onControl(message: ControlMessage): void {
    switch (message.type) {
      case "bound":
        this.#tunnel = message.tunnel;
        this.#isGuarded = Object.keys(message.policies ?? {}).length > 0;
        return this.#bound.resolve(message);
      case "group":
        return message.tunnel === this.#tunnel ? this.#events.onGroup(message) : undefined;
      case "requests":
        return this.#events.onRequests(message);
      case "unbound":
        return void this.#onUnbound(remoteError({ ...message, type: "error" }));
      case "refreshed":
        return this.#takeRefresh(message.refresh)?.resolve(message);
      case "expiring":
        return this.#owner.onExpiring(message.expires_in_ms);
      case "error":
        if (message.refresh !== undefined) return this.#takeRefresh(message.refresh)?.reject(remoteError(message));
        if (message.bind === undefined) this.#announced = remoteError(message);
        return this.#bound.reject(remoteError(message));
    }
  }

  onGoAway(_code: ErrorCode, retryAfter: number): void {
    this.#dataPlane?.stop();
    this.#owner.onGoAway(retryAfter);
  }

  onPong(roundTrip: number): void {
    this.#owner.onPong(Math.round(roundTrip * 100) / 100);
  }

  onStreamsOver(): void {
    this.#idle?.resolve();
  }

  onClose(closed: TunnelError): void {
    const reason = this.#reasonOf(closed);
    clearInterval(this.#timer);
    clearTimeout(this.#aliveTimer);
    this.#dataPlane?.stop();
    this.#idle?.resolve();
    this.#bound.reject(reason);
    for (const response of this.#refreshing.values()) response.reject(reason);
    this.#refreshing.clear();
    this.#owner.onClose(reason);
  }

  #relay(stream: Stream): StreamHandler {
    return this.#local.serve(stream, this.#events, this.#onConnectionClosed);
  }

  async #onUnbound(reason: TunnelError): Promise<void> {
    this.#owner.onUnbound(reason);
    await this.#finish(DRAIN);
    this.#session.close(reason);
  }

  async #finish(timeout: number): Promise<void> {
    this.#dataPlane?.stop();
    this.#session.goAway("PN_DRAINING");
    if (this.#session.streams === 0) return;
    const idle = (this.#idle ??= Promise.withResolvers<void>());
    const timer = setTimeout(idle.resolve, timeout);
    await idle.promise;
    clearTimeout(timer);
  }

  #takeRefresh(refresh: number): PromiseWithResolvers<Refreshed> | undefined {
    const response = this.#refreshing.get(refresh);
    this.#refreshing.delete(refresh);
    return response;
  }

  /**
   * The server's own error contains its hint. An orderly close that neither side has announced is caused by something
   * between them.
   */
  #reasonOf(closed: TunnelError): TunnelError {
    if (this.#announced?.code === closed.code) return this.#announced;
    return closed.code === "PN_CLOSED" && !this.#isClosing ? new TunnelError("PN_SESSION_LOST") : closed;
  }
}
