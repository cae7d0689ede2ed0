import {
  TunnelError,
  type Auth,
  type Bound,
  type ControlMessage,
  type ErrorCode,
  type Refreshed,
  type Requests,
  type Session,
  type SessionHandler,
  type Stream,
  type StreamHandler,
} from "@postern/protocol";
import { SYSTEM_CLOCK } from "../clock.js";
import { DataPlane, type DataPlaneState } from "../probe/data-plane.js";
import { LocalConnection, type LocalConnectionEvents } from "../local/local-connection.js";
import { LocalSearch } from "../local/local-search.js";
import { remoteError } from "../server-way/login.js";
import { Probe, type ProbeWay } from "../probe/probe.js";
import { ProbedStream } from "../probe/probed-stream.js";
import type { Target } from "../local/local-address.js";

/** How long requests in flight may take when a tunnel ends, in milliseconds. */
export const DRAIN = 30_000;
/** How often the session looks at its clock, in milliseconds. */
const TICK = 1_000;
/** How long a peer may take to prove that it is there, in milliseconds. */
const PROOF = 5_000;

/** What is asked of the server. */
export interface BindWish {
  subdomain: string | undefined;
  hostHeader: string | undefined;
  /** Sessions with the same serve the name together. */
  instance: string;
}

export interface TunnelSessionEvents {
  onRequests(message: Requests): void;
  onDialFailure(code: ErrorCode, error: Error): void;
  /** The credential ends in so many milliseconds. */
  onExpiring(milliseconds: number): void;
  /** Whether requests come through has changed; `error` says why not. */
  onDataPlane(state: DataPlaneState, error?: string): void;
  /** A PING was answered after so many milliseconds. */
  onPong(latency: number): void;
  /** The server has taken the tunnel away: what is in progress may end, nothing new comes, then the session is closed. */
  onTakenAway(reason: TunnelError): void;
  /** The server wants this session to end; a new one may be made at once, or after `retryAfter` milliseconds. */
  onGoAway(retryAfter: number): void;
  onClose(reason: TunnelError): void;
}

/** One tunnel on one session that is logged in: binds the name and connects the streams that come to the local service. */
export class TunnelSession implements SessionHandler, LocalConnectionEvents {
  readonly #session: Session;
  readonly #target: Target;
  readonly #events: TunnelSessionEvents;
  readonly #timer: NodeJS.Timeout;
  readonly #bound = Promise.withResolvers<Bound>();
  /** Refreshes without an answer, by number. */
  readonly #refreshing = new Map<number, PromiseWithResolvers<Refreshed>>();
  #refreshes = 0;
  /** Resolves when no stream is open any more; there once it is waited for, by however many. */
  #idle: PromiseWithResolvers<void> | undefined;
  /** Why the server is about to close the session, with its hint when to come again. */
  #said: TunnelError | undefined;
  #tunnel = -1;
  /** It ends by our own wish. */
  #isClosing = false;
  #proof: NodeJS.Timeout | undefined;
  #probe: Probe | undefined;
  #dataPlane: DataPlane | undefined;
  /** Connections to the local service that are not closed yet. */
  #connections = 0;

  constructor(session: Session, target: Target, events: TunnelSessionEvents) {
    this.#session = session;
    this.#target = target;
    this.#events = events;
    session.handler = this;
    this.#timer = setInterval(() => session.tick(), TICK);
    // The first answer tells the round trip before there is any load.
    session.ping();
  }

  /** Asks for the name, and waits so many milliseconds for the answer. @throws TunnelError as the server answers. */
  bind({ subdomain, hostHeader, instance }: BindWish, timeout: number): Promise<Bound> {
    this.#session.control({
      type: "bind",
      bind: 1,
      local_host: this.#target.authority,
      instance,
      ...(subdomain === undefined ? {} : { subdomain }),
      ...(hostHeader === undefined ? {} : { host_header: hostHeader }),
    });
    const late = (): void =>
      this.#bound.reject(new TunnelError("PN_SERVER_UNREACHABLE", "no answer about the name in time"));
    const timer = setTimeout(late, timeout);
    return this.#bound.promise.finally(() => clearTimeout(timer));
  }

  /** Whether requests come through the tunnel. */
  get dataPlane(): DataPlaneState {
    return this.#dataPlane?.state ?? "unknown";
  }

  /** From now on it is looked every `interval` milliseconds whether requests come through. Where they no longer do, the session ends. */
  watchDataPlane(way: ProbeWay, interval: number): void {
    const probe = new Probe(way);
    this.#probe = probe;
    this.#dataPlane = new DataPlane(
      { interval, probe: (signal) => probe.send(signal), clock: SYSTEM_CLOCK },
      {
        onDataPlane: (state, error) => this.#events.onDataPlane(state, error),
        onDataPlaneLost: () => this.#session.close(new TunnelError("PN_DATA_PLANE_LOST")),
      },
    );
  }

  /** The peer may be gone without a word: `why` says what makes us think so. It is given a moment to prove that it isn't. */
  prove(why: string): void {
    clearTimeout(this.#proof);
    const { heardAt } = this.#session;
    this.#session.ping();
    this.#proof = setTimeout(() => {
      if (this.#session.heardAt === heardAt)
        this.#session.abort(new TunnelError("PN_HEARTBEAT_LOST", `${why}, and it is silent`));
    }, PROOF);
  }

  /** From now on another credential counts; streams go on. @throws TunnelError as the server answers. */
  refresh(auth: Auth): Promise<Refreshed> {
    const refresh = ++this.#refreshes;
    const answer = Promise.withResolvers<Refreshed>();
    this.#refreshing.set(refresh, answer);
    this.#session.control({ type: "refresh", refresh, auth });
    return answer.promise;
  }

  /** Opens nothing new, lets the streams in progress end within `timeout` milliseconds, then closes. */
  async drain(timeout: number): Promise<void> {
    await this.#finish(timeout);
    this.close();
  }

  close(): void {
    this.#isClosing = true;
    this.#session.close(new TunnelError("PN_CLOSED"));
  }

  /** The server has taken the tunnel away. */
  async #leave(reason: TunnelError): Promise<void> {
    this.#events.onTakenAway(reason);
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

  onStream(stream: Stream, probe: boolean): void {
    if (stream.tunnel !== this.#tunnel) return stream.reset("PN_TUNNEL_UNBOUND");
    // Counted until the connection is closed: a server that opens and resets in a hurry gets no more of them.
    if (this.#connections >= this.#session.limits.streams) return stream.reset("PN_STREAM_LIMIT");
    this.#connections++;
    const Relay = this.#target.isNamed ? LocalSearch : LocalConnection;
    const relay = (): StreamHandler => new Relay(stream, this.#target, this);
    const own = probe ? this.#probe : undefined;
    if (own === undefined) relay();
    else new ProbedStream(stream, { answer: (head) => own.answer(head), relay, onDone: () => this.onDone() });
  }

  onDialFailure(code: ErrorCode, error: Error): void {
    this.#events.onDialFailure(code, error);
  }

  onDone(): void {
    this.#connections--;
  }

  onControl(message: ControlMessage): void {
    switch (message.type) {
      case "bound":
        this.#tunnel = message.tunnel;
        return this.#bound.resolve(message);
      case "requests":
        return this.#events.onRequests(message);
      case "unbound":
        return void this.#leave(remoteError({ ...message, type: "error" }));
      case "refreshed":
        return this.#answered(message.refresh)?.resolve(message);
      case "expiring":
        return this.#events.onExpiring(message.expires_in_ms);
      case "error":
        if (message.refresh !== undefined) return this.#answered(message.refresh)?.reject(remoteError(message));
        if (message.bind === undefined) this.#said = remoteError(message);
        return this.#bound.reject(remoteError(message));
    }
  }

  #answered(refresh: number): PromiseWithResolvers<Refreshed> | undefined {
    const answer = this.#refreshing.get(refresh);
    this.#refreshing.delete(refresh);
    return answer;
  }

  onGoAway(_code: ErrorCode, retryAfter: number): void {
    this.#dataPlane?.stop();
    this.#events.onGoAway(retryAfter);
  }

  onPong(roundTrip: number): void {
    this.#events.onPong(Math.round(roundTrip * 100) / 100);
  }

  onStreamsOver(): void {
    this.#idle?.resolve();
  }

  /** What the server said before it closed tells more; and who closes in an orderly way without a word is somebody on the way. */
  #reasonOf(closed: TunnelError): TunnelError {
    if (this.#said?.code === closed.code) return this.#said;
    return closed.code === "PN_CLOSED" && !this.#isClosing ? new TunnelError("PN_SESSION_LOST") : closed;
  }

  onClose(closed: TunnelError): void {
    const reason = this.#reasonOf(closed);
    clearInterval(this.#timer);
    clearTimeout(this.#proof);
    this.#dataPlane?.stop();
    this.#idle?.resolve();
    this.#bound.reject(reason);
    for (const answer of this.#refreshing.values()) answer.reject(reason);
    this.#refreshing.clear();
    this.#events.onClose(reason);
  }
}
