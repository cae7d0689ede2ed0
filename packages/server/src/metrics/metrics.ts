import type { ErrorCode } from "@postern/protocol";
import {
  EXCHANGE_ENDS,
  LabelledTraffic,
  RESPONSE_REPAIRS,
  STATUS_CLASSES,
  Traffic,
  type ExchangeEnd,
  type FinishedRequest,
  type Labelled,
  type ResponseRepair,
} from "@postern/gateway";
import type { AccessLogFigures } from "@postern/gateway/access-log";
import { LATENCY_BOUNDS, METRIC_LABELS, REST_LABEL, SERVER_METRICS } from "./declared-metrics.js";
import type { MetricDeclaration } from "./declared-metrics.js";
import { Durations } from "./durations.js";
import type { Exposition, ReadMetric, Sample } from "./exposition.js";

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
  /** Tunnels with access policies. */
  readonly guarded: number;
  readonly streams: number;
  readonly connections: number;
  /** What happened to the lines of the access log; undefined without one. */
  readonly accessLog: AccessLogFigures | undefined;
  /** When the first certificate expires; undefined without TLS. */
  readonly certificateEnds: Date | undefined;
  /** Sessions by owner. */
  ownerSessions(): Iterable<readonly [owner: string, sessions: number]>;
}

/** The parts of a finished request that are counted. */
export type CountedRequest = Pick<
  FinishedRequest,
  "status" | "ended" | "startedAt" | "endedAt" | "bytesIn" | "bytesOut" | "repairs"
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
  readonly #declared: ReadMetric[] = [];
  #exposition: Promise<Exposition> | undefined;
  readonly #logins: Map<string, number>;
  readonly #refused: Map<string, number>;
  readonly #durations = new Durations(LATENCY_BOUNDS);
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
    this.#counters(measured);
  }

  /** The metrics in Prometheus' text format: METRICS_TYPE. */
  async text(): Promise<string> {
    // Imported by the first request for the page: prom-client takes 4 MB, and samples the event loop all the time.
    this.#exposition ??= import("./exposition.js").then(({ Exposition }) => new Exposition(this.#declared));
    return (await this.#exposition).text();
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
    if (request.status !== 101) this.#durations.add((request.endedAt - request.startedAt) / 1_000);
  }

  #gauges(measured: Measured): void {
    const gauge = (metric: MetricDeclaration, read: () => number): void =>
      this.#add(metric, () => [sample({}, read())]);
    gauge(SERVER_METRICS.sessions, () => measured.sessions);
    gauge(SERVER_METRICS.tunnels, () => measured.tunnels);
    gauge(SERVER_METRICS.streams, () => measured.streams);
    gauge(SERVER_METRICS.connections, () => measured.connections);
    this.#add(SERVER_METRICS.certificate, () => {
      const ends = measured.certificateEnds;
      return ends === undefined ? [] : [sample({}, (ends.getTime() - Date.now()) / DAY)];
    });
    this.#add(SERVER_METRICS.ownerSessions, () => ownerSessions(measured));
  }

  #counters(measured: Measured): void {
    const counter = (metric: MetricDeclaration, read: () => Iterable<readonly [value: string, count: number]>): void =>
      this.#add(metric, () =>
        [...read()].map(([value, count]) => sample({ [metric.labels[0] as string]: value }, count)),
      );
    const ofAccessLog = (metric: MetricDeclaration, read: (figures: AccessLogFigures) => number): void =>
      this.#add(metric, () => (measured.accessLog === undefined ? [] : [sample({}, read(measured.accessLog))]));
    ofAccessLog(SERVER_METRICS.accessLines, ({ lines }) => lines);
    ofAccessLog(SERVER_METRICS.accessDropped, ({ dropped }) => dropped);
    counter(SERVER_METRICS.logins, () => this.#logins);
    counter(SERVER_METRICS.refused, () => this.#refused);
    counter(SERVER_METRICS.ended, () => Object.entries(this.#ended));
    counter(SERVER_METRICS.repaired, () => Object.entries(this.#repaired));

    const all = [{ labels: {}, traffic: this.#all }];
    this.#add(SERVER_METRICS.requests, () => requestSamples(all));
    this.#add(SERVER_METRICS.bytes, () => byteSamples(all));
    this.#add(SERVER_METRICS.tunnelRequests, () => requestSamples(this.#tunnels.all()));
    this.#add(SERVER_METRICS.tunnelBytes, () => byteSamples(this.#tunnels.all()));
    this.#add(SERVER_METRICS.ownerRequests, () => requestSamples(this.#owners.all()));
    this.#add(SERVER_METRICS.ownerBytes, () => byteSamples(this.#owners.all()));
    this.#add(SERVER_METRICS.duration, () => durationSamples(this.#durations));
  }

  #add(declaration: MetricDeclaration, read: () => Sample[]): void {
    this.#declared.push({ declaration, read });
  }
}

function sample(labels: Sample["labels"], value: number): Sample {
  return { labels, value };
}

function requestSamples(all: Iterable<Labelled>): Sample[] {
  return [...all].flatMap(({ labels, traffic }) =>
    STATUS_CLASSES.map(([digit, status]) => sample({ ...labels, status }, traffic.requests[digit]!)),
  );
}

function byteSamples(all: Iterable<Labelled>): Sample[] {
  return [...all].flatMap(({ labels, traffic }) => [
    sample({ ...labels, direction: "in" }, traffic.bytesIn),
    sample({ ...labels, direction: "out" }, traffic.bytesOut),
  ]);
}

function durationSamples(durations: Durations): Sample[] {
  const { name } = SERVER_METRICS.duration;
  const buckets = durations.cumulative();
  return [
    ...buckets.map(([bound, value]) => ({
      metricName: `${name}_bucket`,
      labels: { le: bound === Infinity ? "+Inf" : bound },
      value,
    })),
    { metricName: `${name}_sum`, labels: {}, value: durations.sum },
    { metricName: `${name}_count`, labels: {}, value: buckets.at(-1)?.[1] ?? 0 },
  ];
}

function ownerSessions(measured: Measured): Sample[] {
  // Owners whose labels are equal must not have two series.
  const byLabel = new Map<string, number>([[REST_LABEL, 0]]);
  for (const [owner, sessions] of measured.ownerSessions()) {
    const own = owner.slice(0, LONGEST_OWNER);
    const label = byLabel.has(own) || byLabel.size <= METRIC_LABELS.owners ? own : REST_LABEL;
    byLabel.set(label, (byLabel.get(label) ?? 0) + sessions);
  }
  return [...byLabel].map(([owner, sessions]) => sample({ owner }, sessions));
}
