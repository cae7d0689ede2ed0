import {
  refusals,
  StreamPool,
  type FinishedRequest,
  type Refusal,
  type Upstream,
  type UpstreamRoute,
} from "@postern/gateway";
import type { Session, Stream } from "@postern/protocol";
import { ProbeRoute } from "./probe-route.js";
import { RequestLog } from "./request-log.js";

export interface TunnelOptions {
  /** The number by which OPEN addresses it. */
  number: number;
  id: string;
  name: string;
  /** Its client asked for this very name. */
  lasting: boolean;
  session: Session;
  hostHeader: string | undefined;
  /** A request of a visitor finished. */
  onFinished: (request: FinishedRequest) => void;
  /** A request finished, the first since the records were taken. */
  onRecords: (tunnel: Tunnel) => void;
}

/** What was sent so long ago, in milliseconds, and is not acknowledged is asked for; as long may the answer take. */
const DOUBT = 1_000;

/** A name that a client's session serves: where requests for it are routed, and the upstream that dials a stream of the session. */
export class Tunnel implements UpstreamRoute, Upstream {
  readonly kind = "upstream";
  readonly number: number;
  readonly id: string;
  readonly name: string;
  readonly lasting: boolean;
  readonly hostHeader: string | undefined;
  readonly pool: StreamPool;
  /** Where its client's own probes go: to this very session. */
  readonly probe: ProbeRoute;
  readonly requests = new RequestLog();
  /** Which taking of its name it belongs to: whatever comes from an older one changes nothing. The registry sets it. */
  epoch = 0;
  readonly #session: Session;
  readonly #onFinished: (request: FinishedRequest) => void;
  readonly #onRecords: (tunnel: Tunnel) => void;
  /** When its client was last asked for a sign of life, and from when on it is doubtful without one. */
  #askedAt = -Infinity;
  #doubtAt = -Infinity;

  constructor(options: TunnelOptions) {
    this.number = options.number;
    this.id = options.id;
    this.name = options.name;
    this.lasting = options.lasting;
    this.hostHeader = options.hostHeader;
    this.#session = options.session;
    this.#onFinished = options.onFinished;
    this.#onRecords = options.onRecords;
    this.pool = new StreamPool(this);
    this.probe = new ProbeRoute(this);
  }

  get unavailable(): Refusal | undefined {
    if (this.#session.available) return undefined;
    return this.#session.full ? refusals.PN_OVERLOADED : refusals.PN_TUNNEL_AWAY;
  }

  /** Streams of its session that are in use. */
  get load(): number {
    return this.#session.streams - this.pool.resting;
  }

  /** Whether its client was asked for a sign of life, and owes it. It may be cut off; where another session serves the name, that goes first. */
  get doubtful(): boolean {
    return this.#isOwing && performance.now() >= this.#doubtAt;
  }

  /** Another session of the client has come: perhaps because this one is lost. Until it is heard of, it is doubtful. */
  prove(): void {
    this.#ask(0);
  }

  /** Asks for a sign of life where what was sent is not acknowledged. To be called about once a second. */
  watch(): void {
    if (!this.#isOwing && this.#session.unacknowledgedFor >= DOUBT) this.#ask(DOUBT);
  }

  /** @param probe the client is to look whether the request is its own. */
  dial(probe = false): Stream {
    return this.#session.open(this.number, probe);
  }

  /** Lets go of idle streams that are too old. To be called about once a second. */
  sweep(now: number): void {
    this.pool.sweep(now);
    this.probe.pool.sweep(now);
  }

  onFinished(request: FinishedRequest): void {
    this.#onFinished(request);
    if (this.requests.add(request, performance.now())) this.#onRecords(this);
  }

  get #isOwing(): boolean {
    return this.#session.heardAt <= this.#askedAt;
  }

  #ask(patience: number): void {
    this.#askedAt = performance.now();
    this.#doubtAt = this.#askedAt + patience;
    this.#session.ping();
  }
}
