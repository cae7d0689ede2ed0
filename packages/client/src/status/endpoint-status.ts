import type { RequestEnd } from "@postern/protocol";
import { REQUEST_ENDS } from "@postern/protocol/constants";
import type { LocalState } from "../local/local-monitor.js";
import type { DataPlaneState } from "../probe/data-plane.js";
import type { ConnectionState } from "../session/connection-state.js";
import type { GroupState, OmittedData, RequestData, TunnelEventData } from "../tunnel-event.js";
import { DROP_MEMORY, healthScore, HEALTH, LOCAL_MEMORY } from "./health-score.js";
import { RequestRate } from "./request-rate.js";
import { ResponseTimes, rounded } from "./response-times.js";
import type { ConfigSummary, EndpointReport, LastError, StatusEvent } from "./status-document.js";
import { STATUS_CLASSES } from "./status-class.js";

/** How much data is kept for one endpoint. */
export const STATUS_LIMITS = {
  recentEvents: 20,
  pings: 20,
  /** Codes with a separate count. Further codes are counted as `other`. */
  errorCodes: 64,
} as const;

/** The number of drops that can lower the score. */
const DROPS_KEPT = Math.ceil(HEALTH.maxDrops / HEALTH.drop);

/** Frequent events are counted but not kept, because they would displace all others. */
const NOT_KEPT: ReadonlySet<StatusEvent["type"]> = new Set(["http_request", "pong"]);

/** The state after an event, unless the state itself is reported. */
const STATES: Readonly<Partial<Record<StatusEvent["type"], ConnectionState>>> = {
  connection_attempt: "connecting",
  connection_success: "authenticating",
  tunnel_established: "connected",
  tunnel_closed: "reconnecting",
  reconnection: "reconnecting",
};

/**
 * Computes the state, health and metrics of one endpoint from its events. It reads no clock: the same events always
 * give the same report for the same time.
 */
export class EndpointStatus {
  config: ConfigSummary;
  readonly #endpoint: string;
  readonly #countsRequests: boolean;

  #state: ConnectionState = "disconnected";
  /** Whether the state is reported by `stateChanged` and no longer derived from events. */
  #isReported = false;
  #url: string | null = null;
  #tunnelId: string | null = null;
  #group: GroupState | null = null;
  #access: Readonly<Record<string, string>> = {};
  #connectedSince: number | undefined;
  #retries = 0;
  #lastError: LastError | null = null;
  #lastPing: string | null = null;
  readonly #pings: number[] = [];
  #dataPlane: DataPlaneState = "unknown";
  readonly #drops: number[] = [];
  #local: LocalState = "unknown";
  #localFailedAt = -Infinity;

  #attempts = 0;
  #successes = 0;
  #failures = 0;
  #requests = 0;
  #omitted = 0;
  #responses = 0;
  readonly #classes = Object.fromEntries(STATUS_CLASSES.map((each) => [each, 0])) as Record<
    (typeof STATUS_CLASSES)[number],
    number
  >;
  readonly #ends = Object.fromEntries(REQUEST_ENDS.map((each) => [each, 0])) as Record<RequestEnd, number>;
  #bytesIn = 0;
  #bytesOut = 0;
  readonly #times = new ResponseTimes();
  readonly #rate = new RequestRate();
  readonly #errors = new Map<string, number>();
  readonly #recent: StatusEvent[] = [];

  /** @param countsRequests whether `http_request` events are counted. Default true. */
  constructor(endpoint: string, config: ConfigSummary, countsRequests = true) {
    this.#endpoint = endpoint;
    this.config = config;
    this.#countsRequests = countsRequests;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Sets the state. From now on events do not change it. @param at Unix time in milliseconds. */
  stateChanged(state: ConnectionState, at: number): void {
    this.#isReported = true;
    this.#enter(state, at);
  }

  /** A new connection begins. Events determine the state until `stateChanged` is called. */
  stateUnknown(): void {
    this.#isReported = false;
  }

  /** Adds one event. The program's own events are only kept as recent events. */
  add(event: StatusEvent): void {
    const at = Date.parse(event.time);
    if (!NOT_KEPT.has(event.type)) {
      this.#recent.push(event);
      if (this.#recent.length > STATUS_LIMITS.recentEvents) this.#recent.shift();
    }
    switch (event.type) {
      case "connection_attempt":
        this.#attempts++;
        break;
      case "authentication_success":
        this.#successes++;
        break;
      case "connection_failure":
        // Either one of several sessions was lost, or an attempt failed.
        if (event.data.others !== undefined) this.#dropped(at);
        else this.#attemptFailed();
        this.#failed(event);
        break;
      case "authentication_failure":
        this.#attemptFailed();
        this.#failed(event);
        break;
      case "tunnel_established":
        this.#url = event.data.public_url;
        this.#tunnelId = event.data.tunnel_id;
        this.#group = groupOf(event.data);
        this.#access = event.data.access ?? {};
        this.#retries = 0;
        break;
      case "tunnel_closed":
        if (event.data.code === "PN_CLOSED") break;
        this.#failed(event);
        this.#dropped(at);
        break;
      case "reconnection":
        // While the endpoint is connected, the retry is for an additional session.
        if (this.#state !== "connected") this.#retries++;
        break;
      case "error":
        this.#failed(event);
        if (event.data.code.startsWith("PN_DIAL_")) this.#localFailed(at);
        break;
      case "http_request":
        if (this.#countsRequests) this.#request(event.data, at);
        break;
      case "pong":
        this.#pong(countable(event.data.latency_ms), event.time);
        break;
      case "status_update":
        if (event.data.data_plane !== undefined) this.#dataPlane = event.data.data_plane;
        if (event.data.group !== undefined) this.#group = event.data.group;
        if (event.data.local === "ok") this.#local = "ok";
        if (event.data.local === "failing") {
          this.#failed({ time: event.time, message: event.message, data: event.data });
          this.#localFailed(at);
        }
        break;
    }
    const state = STATES[event.type];
    if (!this.#isReported && state !== undefined) this.#enter(state, at);
  }

  /** @param now Unix time in milliseconds. */
  report(now: number): EndpointReport {
    const finished = this.#successes + this.#failures;
    const latency = average(this.#pings);
    const uptime = this.#connectedSince === undefined ? 0 : Math.max(0, Math.floor((now - this.#connectedSince) / 1e3));
    return {
      endpoint: this.#endpoint,
      state: this.#state,
      public_url: this.#url,
      tunnel_id: this.#tunnelId,
      group: this.#group,
      access: { ...this.#access },
      health: {
        score: healthScore({
          state: this.#state,
          retries: this.#retries,
          drops: this.#drops.filter((at) => at > now - DROP_MEMORY).length,
          pingLatency: latency,
          dataPlane: this.#dataPlane,
          local: this.#local,
          localFailedLately: this.#localFailedAt > now - LOCAL_MEMORY,
        }),
        uptime_seconds: uptime,
        retry_count: this.#retries,
        last_error: this.#lastError,
        last_ping: this.#lastPing,
        avg_ping_latency_ms: latency === undefined ? null : rounded(latency),
        data_plane: this.#dataPlane,
        local: this.#local,
      },
      metrics: {
        total_connections: this.#attempts,
        successful_connections: this.#successes,
        failed_connections: this.#failures,
        success_rate: finished === 0 ? null : Math.round((this.#successes / finished) * 1e4) / 1e4,
        http_requests: this.#requests,
        http_responses: this.#responses,
        responses_by_class: { ...this.#classes },
        requests_by_end: { ...this.#ends },
        omitted_requests: this.#omitted,
        bytes_in: this.#bytesIn,
        bytes_out: this.#bytesOut,
        requests_per_minute: this.#rate.last(60, now),
        avg_response_time_ms: this.#times.average === undefined ? null : rounded(this.#times.average),
        response_times: this.#times.report(),
        error_counts: Object.fromEntries(this.#errors),
      },
      recent_events: [...this.#recent],
      config_summary: this.config,
    };
  }

  /** Requests in the last `seconds` seconds, at most 60. */
  requestsInLast(seconds: number, now: number): number {
    return this.#rate.last(seconds, now);
  }

  #enter(state: ConnectionState, at: number): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#connectedSince = state === "connected" ? at : undefined;
    // The result of a probe is valid for its connection only.
    if (state !== "connected") this.#dataPlane = "unknown";
  }

  #attemptFailed(): void {
    if (this.#attempts > this.#successes + this.#failures) this.#failures++;
  }

  #failed({ time, message, data: { code } }: Failure): void {
    this.#lastError = { time, code, message };
    const counted = this.#errors.has(code) || this.#errors.size < STATUS_LIMITS.errorCodes ? code : "other";
    this.#errors.set(counted, (this.#errors.get(counted) ?? 0) + 1);
  }

  #localFailed(at: number): void {
    this.#local = "failing";
    this.#localFailedAt = at;
  }

  #dropped(at: number): void {
    this.#drops.push(at);
    if (this.#drops.length > DROPS_KEPT) this.#drops.shift();
  }

  #request(data: RequestData | OmittedData, at: number): void {
    if (data.omitted !== undefined) return this.#omit(data, at);
    this.#requests++;
    this.#rate.add(1, at);
    this.#bytesIn += countable(data.bytes_in);
    this.#bytesOut += countable(data.bytes_out);
    this.#times.add(countable(data.duration_ms));
    if (data.ended !== undefined) this.#ends[data.ended]++;
    const statusClass = STATUS_CLASSES[Math.floor(countable(data.status) / 100) - 1];
    if (statusClass === undefined) return;
    this.#responses++;
    this.#classes[statusClass]++;
  }

  #omit({ omitted: given, totals }: OmittedData, at: number): void {
    const omitted = countable(given);
    this.#omitted += omitted;
    this.#requests += omitted;
    this.#responses += omitted;
    this.#rate.add(omitted, at);
    if (totals === undefined) return;
    this.#bytesIn += countable(totals.bytes_in);
    this.#bytesOut += countable(totals.bytes_out);
    this.#times.addAll(totals.durations.map(countable), countable(totals.duration_ms));
    for (const [n, name] of STATUS_CLASSES.entries()) this.#classes[name] += countable(totals.statuses[n] ?? 0);
    for (const end of REQUEST_ENDS) this.#ends[end] += countable(totals.ended[end] ?? 0);
  }

  #pong(latency: number, time: string): void {
    this.#lastPing = time;
    this.#pings.push(latency);
    if (this.#pings.length > STATUS_LIMITS.pings) this.#pings.shift();
  }
}

/** A server that does not report the strategy does not report changes of the group either. */
function groupOf({ members, strategy }: TunnelEventData["tunnel_established"]): GroupState | null {
  return members === undefined || strategy === undefined ? null : { members, strategy };
}

/** An event with a code. */
interface Failure {
  time: string;
  message: string;
  data: { code: string };
}

/** At least 0, and small enough that a server cannot make a sum infinite. */
function countable(value: number): number {
  return value > 0 ? Math.min(value, Number.MAX_SAFE_INTEGER) : 0;
}

function average(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
}
