import {
  refusals,
  StreamPool,
  type FinishedRequest,
  type Refusal,
  type Upstream,
  type UpstreamRoute,
} from "@postern/gateway";
import type { Session, Stream } from "@postern/protocol";
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
  /** A request finished, the first since the records were taken. */
  onRecords: (tunnel: Tunnel) => void;
}

/** A name that a client's session serves: where requests for it are routed, and the upstream that dials a stream of the session. */
export class Tunnel implements UpstreamRoute, Upstream {
  readonly kind = "upstream";
  readonly number: number;
  readonly id: string;
  readonly name: string;
  readonly lasting: boolean;
  readonly hostHeader: string | undefined;
  readonly pool: StreamPool;
  readonly requests = new RequestLog();
  readonly #session: Session;
  readonly #onRecords: (tunnel: Tunnel) => void;

  constructor(options: TunnelOptions) {
    this.number = options.number;
    this.id = options.id;
    this.name = options.name;
    this.lasting = options.lasting;
    this.hostHeader = options.hostHeader;
    this.#session = options.session;
    this.#onRecords = options.onRecords;
    this.pool = new StreamPool(this);
  }

  get unavailable(): Refusal | undefined {
    if (this.#session.available) return undefined;
    return this.#session.full ? refusals.PN_OVERLOADED : refusals.PN_TUNNEL_AWAY;
  }

  dial(): Stream {
    return this.#session.open(this.number);
  }

  onFinished(request: FinishedRequest): void {
    if (this.requests.add(request, performance.now())) this.#onRecords(this);
  }
}
