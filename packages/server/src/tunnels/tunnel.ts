import {
  Pool,
  Target,
  type Candidate,
  type FinishedRequest,
  type Strategy,
  type Upstream,
  type Steps,
  type Bandwidth,
  type UpstreamRoute,
} from "@postern/gateway";
import type { ByteStream } from "@postern/net";
import type { Session } from "@postern/protocol";
import type { RequestCounter } from "../metrics/metrics.js";
import { ProbeRoute } from "./probe-route.js";
import type { TunnelPolicy } from "../policies/tunnel-policy.js";
import { RepairCounts } from "./repair-counts.js";
import { RequestLog } from "./request-log.js";

export interface TunnelOptions {
  /** The number by which OPEN addresses the tunnel. */
  number: number;
  id: string;
  name: string;
  /** Whether its client requested this name. A requested name is kept when the client stops. */
  requested: boolean;
  session: Session;
  hostHeader: string | undefined;
  /** Undefined: its requests are not counted. */
  counter: RequestCounter | undefined;
  /** Requests that are listed per second. */
  requestRecords: number;
  owner: TunnelOwner;
  /** The limit of the server on its bytes. Default: none. */
  bandwidth?: Bandwidth | undefined;
}

/** The part of a client's session that its tunnels use. */
export interface TunnelOwner {
  /** A request has finished, the first one since the request log was emptied. */
  onRecords(tunnel: Tunnel): void;
  /** Another instance gets the name. */
  onReplaced(tunnel: Tunnel): void;
  /** The clients that serve the name together have changed. Called at most once a second. */
  onGroup(tunnel: Tunnel, members: number, strategy: Strategy): void;
}

/**
 * If bytes are unacknowledged for this many milliseconds, the client is pinged. It gets the same time to answer the
 * ping.
 */
const ACK_TIMEOUT = 1_000;
/** A client with requests in progress from which nothing arrives for this many milliseconds is pinged too. */
const SILENCE = 3_000;

/**
 * A name that a client's session serves. It is the route of requests for the name, and the upstream that opens streams
 * of the session.
 */
export class Tunnel implements UpstreamRoute, Upstream, Candidate {
  readonly kind = "upstream";
  readonly number: number;
  readonly id: string;
  readonly name: string;
  readonly requested: boolean;
  readonly hostHeader: string | undefined;
  readonly target: Target;
  readonly pool: Pool;
  readonly requests: RequestLog;
  readonly repairs = new RepairCounts();
  /** The epoch of its lease, its policy, and its client with its weight and wish in a group. Its group sets them. */
  epoch = 0;
  policy: TunnelPolicy | undefined;
  instance: string | undefined;
  groupWeight: number | undefined;
  groupStrategy: Strategy | undefined;
  readonly #session: Session;
  readonly #bandwidth: Bandwidth | undefined;
  readonly #counter: RequestCounter | undefined;
  readonly #owner: TunnelOwner;
  #probe: ProbeRoute | undefined;
  /** When its client was last pinged, and when it becomes suspect without an answer. */
  #pingedAt = -Infinity;
  #suspectAt = -Infinity;

  constructor(options: TunnelOptions) {
    this.number = options.number;
    this.id = options.id;
    this.name = options.name;
    this.requested = options.requested;
    this.hostHeader = options.hostHeader;
    this.#session = options.session;
    this.#bandwidth = options.bandwidth;
    this.#counter = options.counter;
    this.requests = new RequestLog(options.requestRecords);
    this.#owner = options.owner;
    this.target = new Target(this);
    this.pool = new Pool([this.target]);
  }

  /** The route of its client's own probes, which always leads to this session. */
  get probe(): ProbeRoute {
    return (this.#probe ??= new ProbeRoute(this));
  }

  get steps(): Steps | undefined {
    return this.policy?.steps;
  }

  get unavailable(): Upstream["unavailable"] {
    if (this.available) return undefined;
    return this.#session.full ? "full" : "gone";
  }

  get available(): boolean {
    return this.#session.available;
  }

  /** Streams of its session that are in use. */
  get inUse(): number {
    return this.#session.streams - this.target.idle.count;
  }

  get weight(): number {
    return 1;
  }

  get share(): number {
    return 1;
  }

  /**
   * Whether its client was pinged and has not answered in time. The client may be cut off, so other sessions of the
   * name are preferred.
   */
  get suspect(): boolean {
    return this.#awaitsAnswer && performance.now() >= this.#suspectAt;
  }

  /** Makes the tunnel suspect until its client answers a ping. */
  checkAlive(): void {
    this.#ping(0);
  }

  /**
   * Pings a client that may be cut off: it does not acknowledge sent bytes, or is silent during requests. Without an
   * answer, its requests may go elsewhere. Call it about once a second.
   */
  watch(): void {
    const now = performance.now();
    if (this.#awaitsAnswer) {
      if (now >= this.#pingedAt + ACK_TIMEOUT) this.#session.suspect(this.number);
      return;
    }
    const isSilent = this.inUse > 0 && now - this.#session.receivedAt >= SILENCE;
    if (isSilent || this.#session.unacknowledgedFor >= ACK_TIMEOUT) this.#ping(ACK_TIMEOUT);
  }

  /** @param probe the request may be one of the client's own. */
  dial(probe = false): ByteStream {
    const bandwidth = this.#bandwidth;
    const stream = this.#session.open(this.number, probe, bandwidth !== undefined);
    return bandwidth === undefined ? stream : bandwidth.shape(stream);
  }

  /** Retires idle streams that are too old, and the route of probes, which are rare. Call about once a second. */
  sweep(now: number): void {
    this.target.idle.sweep(now);
    if (this.#probe?.target.inUse === 0) this.#probe = undefined;
  }

  /** It gets no new requests. Those in progress are still counted. */
  close(): void {
    this.#counter?.close();
  }

  /** Another instance gets the name. */
  onReplaced(): void {
    this.#owner.onReplaced(this);
  }

  /** The clients that serve the name together have changed. */
  onGroup(members: number, strategy: Strategy): void {
    this.#owner.onGroup(this, members, strategy);
  }

  onFinished(request: FinishedRequest): void {
    this.#counter?.finished(request);
    if (request.repairs.size > 0) this.repairs.add(request.repairs);
    if (this.requests.add(request)) this.#owner.onRecords(this);
  }

  get #awaitsAnswer(): boolean {
    return this.#session.receivedAt <= this.#pingedAt;
  }

  #ping(timeout: number): void {
    this.#pingedAt = performance.now();
    this.#suspectAt = this.#pingedAt + timeout;
    this.#session.ping();
  }
}
