import type { ErrorCode } from "@postern/protocol";
import {
  EXCHANGE_ENDS,
  RESPONSE_REPAIRS,
  type ExchangeEnd,
  type FinishedRequest,
  type ResponseRepair,
} from "@postern/gateway";
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import { LATENCY_BOUNDS, METRIC_LABELS, REST_LABEL, SERVER_METRICS } from "./declared-metrics.js";
import type { MetricDeclaration } from "./declared-metrics.js";
import { LabelledTraffic, type Labelled } from "./labelled-traffic.js";
import { STATUS_CLASSES, Traffic } from "./traffic.js";

/** An owner's name is cut to this length in labels. */
const LONGEST_OWNER = 100;

/** The usual outcomes of logins, which have a series from the start. */
const LOGIN_OUTCOMES = [
  "ok",
  "PN_AUTH_REFUSED",
  "PN_AUTH_EXPIRED",
  "PN_AUTH_UNAVAILABLE",
  "PN_CERTIFICATE_MISSING",
  "PN_CERTIFICATE_UNTRUSTED",
  "PN_CERTIFICATE_REVOKED",
  "PN_CERTIFICATE_EXPIRED",
  "PN_LOGIN_BUSY",
  "PN_LOGIN_TIMEOUT",
  "PN_OWNER_SESSION_LIMIT",
  "PN_PROTOCOL",
  "PN_SESSION_LOST",
  "PN_UNSUPPORTED",
  "PN_VERSION",
] as const satisfies readonly (ErrorCode | "ok")[];

/** Values that are read when the metrics are requested. */
export interface Measured {
  readonly sessions: number;
  readonly tunnels: number;
  readonly streams: number;
  readonly connections: number;
  /** When the first certificate expires; undefined without TLS. */
  readonly certificateEnds: Date | undefined;
  /** Sessions by owner. */
  ownerSessions(): Iterable<readonly [owner: string, sessions: number]>;
}

/** The parts of a finished request that are counted. */
export type CountedRequest = Pick<
  FinishedRequest,
  "status" | "ended" | "startedAt" | "bytesIn" | "bytesOut" | "repairs"
>;

/** Counts the requests of one tunnel. */
export interface RequestCounter {
  finished(request: CountedRequest): void;
  /** The tunnel gets no new requests. Those in progress still count. */
  close(): void;
}

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

/**
 * The server's metrics, in the text format of Prometheus. What is counted for every request are plain numbers until
 * they are read, because looking up a label costs more than all other counting.
 */
export class ServerMetrics {
  readonly #registry = new Registry();
  readonly #logins: Map<string, number>;
  readonly #refused: Map<string, number>;
  readonly #duration: Histogram;
  readonly #all = new Traffic();
  readonly #ended = Object.fromEntries(Object.keys(EXCHANGE_ENDS).map((end) => [end, 0])) as Record<
    ExchangeEnd,
    number
  >;
  readonly #repaired = Object.fromEntries(RESPONSE_REPAIRS.map((repair) => [repair, 0])) as Record<
    ResponseRepair,
    number
  >;
  readonly #tunnels = new LabelledTraffic(METRIC_LABELS.tunnels, { tunnel: REST_LABEL, owner: REST_LABEL });
  readonly #owners = new LabelledTraffic(METRIC_LABELS.owners, { owner: REST_LABEL });

  /** @param refusals the codes with which the server refuses requests. */
  constructor(measured: Measured, refusals: readonly string[]) {
    this.#gauges(measured);
    this.#logins = new Map(LOGIN_OUTCOMES.map((outcome) => [outcome, 0]));
    this.#refused = new Map(refusals.map((code) => [code, 0]));
    this.#duration = new Histogram({ ...this.#options(SERVER_METRICS.duration), buckets: LATENCY_BOUNDS });
    this.#countOnDemand();
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
    const requests = this.#all.requests.reduce((sum, count) => sum + count);
    return { requests, received_bytes: this.#all.bytesIn, sent_bytes: this.#all.bytesOut };
  }

  login(outcome: string): void {
    this.#logins.set(outcome, (this.#logins.get(outcome) ?? 0) + 1);
  }

  refused(code: string): void {
    this.#refused.set(code, (this.#refused.get(code) ?? 0) + 1);
  }

  /** The counter of a tunnel that begins to serve `name` for `owner`. */
  tunnel(name: string, owner: string): RequestCounter {
    const label = owner.slice(0, LONGEST_OWNER);
    const ofTunnel = this.#tunnels.use({ tunnel: name, owner: label });
    const ofOwner = this.#owners.use({ owner: label });
    return {
      finished: (request) => {
        this.#finished(request);
        ofTunnel.traffic.count(request);
        ofOwner.traffic.count(request);
      },
      close: () => {
        this.#tunnels.release(ofTunnel);
        this.#owners.release(ofOwner);
      },
    };
  }

  #finished(request: CountedRequest): void {
    this.#all.count(request);
    this.#ended[request.ended] += 1;
    if (request.repairs.size > 0) for (const repair of request.repairs) this.#repaired[repair] += 1;
    if (request.status !== 101) this.#duration.observe((performance.now() - request.startedAt) / 1_000);
  }

  #gauges(measured: Measured): void {
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
    new Gauge({
      ...this.#options(SERVER_METRICS.ownerSessions),
      collect() {
        this.reset();
        let owners = 0;
        for (const [owner, sessions] of measured.ownerSessions())
          this.inc({ owner: ++owners > METRIC_LABELS.owners ? REST_LABEL : owner.slice(0, LONGEST_OWNER) }, sessions);
      },
    });
  }

  /** Metrics that are computed from plain counters when they are read. */
  #countOnDemand(): void {
    this.#countEach(SERVER_METRICS.logins, () => this.#logins);
    this.#countEach(SERVER_METRICS.refused, () => this.#refused);
    this.#countEach(SERVER_METRICS.ended, () => Object.entries(this.#ended));
    this.#countEach(SERVER_METRICS.repaired, () => Object.entries(this.#repaired));
    const all = [{ labels: {}, traffic: this.#all }];
    this.#countTraffic(SERVER_METRICS.requests, SERVER_METRICS.bytes, () => all);
    this.#countTraffic(SERVER_METRICS.tunnelRequests, SERVER_METRICS.tunnelBytes, () => this.#tunnels.all());
    this.#countTraffic(SERVER_METRICS.ownerRequests, SERVER_METRICS.ownerBytes, () => this.#owners.all());
  }

  /** A counter with one label. */
  #countEach(metric: MetricDeclaration, read: () => Iterable<readonly [value: string, count: number]>): void {
    const label = metric.labels[0] as string;
    new Counter({
      ...this.#options(metric),
      collect() {
        this.reset();
        for (const [value, count] of read()) this.inc({ [label]: value }, count);
      },
    });
  }

  #countTraffic(requests: MetricDeclaration, bytes: MetricDeclaration, read: () => Iterable<Labelled>): void {
    new Counter({
      ...this.#options(requests),
      collect() {
        this.reset();
        for (const { labels, traffic } of read())
          for (const [digit, status] of STATUS_CLASSES) this.inc({ ...labels, status }, traffic.requests[digit]);
      },
    });
    new Counter({
      ...this.#options(bytes),
      collect() {
        this.reset();
        for (const { labels, traffic } of read()) {
          this.inc({ ...labels, direction: "in" }, traffic.bytesIn);
          this.inc({ ...labels, direction: "out" }, traffic.bytesOut);
        }
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
