import {
  EXCHANGE_ENDS,
  RESPONSE_REPAIRS,
  type ExchangeEnd,
  type FinishedRequest,
  type ResponseRepair,
} from "@postern/gateway";
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

/** Bounds of the latency histogram, in seconds. */
export const LATENCY_BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export interface MetricDeclaration {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly labels: readonly string[];
  readonly help: string;
}

const declare = (
  name: string,
  type: MetricDeclaration["type"],
  help: string,
  ...labels: string[]
): MetricDeclaration => ({ name, type, labels, help });

/** The metrics of a server. docs/metrics.md lists exactly these. */
export const SERVER_METRICS = {
  sessions: declare("postern_sessions", "gauge", "Sessions of clients that are logged in."),
  tunnels: declare("postern_tunnels", "gauge", "Names that a client serves."),
  streams: declare(
    "postern_streams",
    "gauge",
    "Open streams of all sessions, including idle ones between two requests.",
  ),
  connections: declare("postern_visitor_connections", "gauge", "Open connections of visitors."),
  logins: declare("postern_logins_total", "counter", "Logins by outcome: ok, or the code of the error.", "outcome"),
  requests: declare(
    "postern_requests_total",
    "counter",
    "Finished requests to tunnels by status class, for instance 2xx. A visitor that left before a response counts as 4xx.",
    "status",
  ),
  ended: declare("postern_requests_ended_total", "counter", "Finished requests to tunnels by how they ended.", "ended"),
  repaired: declare(
    "postern_repaired_responses_total",
    "counter",
    "Responses of local services that were repaired, by what was wrong with them (docs/http.md).",
    "repair",
  ),
  refused: declare(
    "postern_refused_requests_total",
    "counter",
    "Requests that did not reach a tunnel, by the code of the error.",
    "code",
  ),
  bytes: declare(
    "postern_body_bytes_total",
    "counter",
    "Body bytes: `in` from visitors, `out` to visitors.",
    "direction",
  ),
  duration: declare(
    "postern_request_duration_seconds",
    "histogram",
    "Seconds from the end of a request's head to the end of its response. Upgraded connections are not included.",
  ),
  certificate: declare(
    "postern_certificate_expiry_days",
    "gauge",
    "Days until the first of the server's certificates expires. Only with TLS.",
  ),
} as const satisfies Record<string, MetricDeclaration>;

/** Values that are read when the metrics are requested. */
export interface Measured {
  readonly sessions: number;
  readonly tunnels: number;
  readonly streams: number;
  readonly connections: number;
  /** When the first certificate expires; undefined without TLS. */
  readonly certificateEnds: Date | undefined;
}

/** The parts of a finished request that are counted. */
export type CountedRequest = Pick<
  FinishedRequest,
  "status" | "ended" | "startedAt" | "bytesIn" | "bytesOut" | "repairs"
>;

/** Counters since the start of the server. */
export interface Totals {
  /** Finished requests to tunnels. */
  readonly requests: number;
  /** Bytes of their bodies. */
  readonly received_bytes: number;
  /** Bytes of the bodies of their responses. */
  readonly sent_bytes: number;
}

const DAY = 86_400_000;

/** The server's metrics, in the text format of Prometheus. */
export class ServerMetrics {
  readonly #registry = new Registry();
  readonly #logins: Counter;
  readonly #refused: Counter;
  readonly #duration: Histogram;
  /**
   * Requests by the first digit of their status. They are plain numbers until they are read, because looking up a label
   * costs more than all other counting.
   */
  readonly #requests = Array.from({ length: 10 }, () => 0);
  readonly #ended = Object.fromEntries(Object.keys(EXCHANGE_ENDS).map((end) => [end, 0])) as Record<
    ExchangeEnd,
    number
  >;
  readonly #repaired = Object.fromEntries(RESPONSE_REPAIRS.map((repair) => [repair, 0])) as Record<
    ResponseRepair,
    number
  >;
  #bytesIn = 0;
  #bytesOut = 0;

  constructor(measured: Measured) {
    const gauge = (metric: MetricDeclaration, value: () => number | undefined): void => {
      new Gauge({
        ...this.#options(metric),
        collect() {
          const now = value();
          if (now === undefined) this.remove();
          else this.set(now);
        },
      });
    };
    gauge(SERVER_METRICS.sessions, () => measured.sessions);
    gauge(SERVER_METRICS.tunnels, () => measured.tunnels);
    gauge(SERVER_METRICS.streams, () => measured.streams);
    gauge(SERVER_METRICS.connections, () => measured.connections);
    gauge(SERVER_METRICS.certificate, () => {
      const ends = measured.certificateEnds;
      return ends === undefined ? undefined : (ends.getTime() - Date.now()) / DAY;
    });
    this.#logins = new Counter(this.#options(SERVER_METRICS.logins));
    this.#refused = new Counter(this.#options(SERVER_METRICS.refused));
    this.#countOnDemand();
    this.#duration = new Histogram({ ...this.#options(SERVER_METRICS.duration), buckets: LATENCY_BOUNDS });
    // Memory, CPU, file descriptors, event loop delay.
    collectDefaultMetrics({ register: this.#registry });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  get totals(): Totals {
    const requests = this.#requests.reduce((sum, count) => sum + count);
    return { requests, received_bytes: this.#bytesIn, sent_bytes: this.#bytesOut };
  }

  login(outcome: string): void {
    this.#logins.inc({ outcome });
  }

  refused(code: string): void {
    this.#refused.inc({ code });
  }

  finished({ status, ended, startedAt, bytesIn, bytesOut, repairs }: CountedRequest): void {
    this.#requests[Math.floor(status / 100)]! += 1;
    this.#ended[ended] += 1;
    if (repairs.size > 0) for (const repair of repairs) this.#repaired[repair] += 1;
    this.#bytesIn += bytesIn;
    this.#bytesOut += bytesOut;
    if (status !== 101) this.#duration.observe((performance.now() - startedAt) / 1_000);
  }

  /** Metrics that are computed from plain counters when they are read. */
  #countOnDemand(): void {
    const requests = this.#requests;
    const ended = this.#ended;
    const repaired = this.#repaired;
    const bytes = (): [direction: string, count: number][] => [
      ["in", this.#bytesIn],
      ["out", this.#bytesOut],
    ];
    new Counter({
      ...this.#options(SERVER_METRICS.requests),
      collect() {
        this.reset();
        for (const [digit, count] of requests.entries()) if (count > 0) this.inc({ status: `${digit}xx` }, count);
      },
    });
    new Counter({
      ...this.#options(SERVER_METRICS.ended),
      collect() {
        this.reset();
        for (const [end, count] of Object.entries(ended)) this.inc({ ended: end }, count);
      },
    });
    new Counter({
      ...this.#options(SERVER_METRICS.repaired),
      collect() {
        this.reset();
        for (const [repair, count] of Object.entries(repaired)) this.inc({ repair }, count);
      },
    });
    new Counter({
      ...this.#options(SERVER_METRICS.bytes),
      collect() {
        this.reset();
        for (const [direction, count] of bytes()) this.inc({ direction }, count);
      },
    });
  }

  #options({ name, help, labels }: MetricDeclaration): {
    name: string;
    help: string;
    labelNames: string[];
    registers: Registry[];
  } {
    return { name, help, labelNames: [...labels], registers: [this.#registry] };
  }
}
