import type { ConnectionState } from "../session/connection-state.js";
import type { DataPlaneState } from "../probe/data-plane.js";
import { DROP_MEMORY, healthScore, HEALTH, LOCAL_MEMORY } from "./health-score.js";
import { RequestRate } from "./request-rate.js";
import { ResponseTimes, rounded } from "./response-times.js";
import {
  STATUS_CLASSES,
  type ConfigSummary,
  type EndpointReport,
  type LastError,
  type StatusEvent,
} from "./status-document.js";

/** Sizes of what is remembered of one endpoint. */
export const STATUS_LIMITS = {
  recentEvents: 20,
  pings: 20,
  /** Codes that errors are counted by; what a server says beyond them is `other`. */
  errorCodes: 64,
} as const;

/** As many as can lower the score. */
const DROPS_KEPT = Math.ceil(HEALTH.mostDrops / HEALTH.drop);

/** What they say is counted; kept, they would push out everything else. */
const NOT_KEPT: ReadonlySet<string> = new Set(["http_request", "http_response", "ping", "pong"]);

/** Where an event leaves an endpoint, as long as nobody tells its state. */
const STATES: Readonly<Record<string, ConnectionState>> = {
  connection_attempt: "connecting",
  connection_success: "authenticating",
  tunnel_established: "connected",
  tunnel_closed: "reconnecting",
  reconnection: "reconnecting",
};

/**
 * The state, health and metrics of one endpoint: a fold over its events. It reads no clock; the times of events count, and a report says
 * what holds at the time it is given. The same events in the same order give the same report.
 */
export class EndpointStatus {
  config: ConfigSummary;
  readonly #endpoint: string;
  readonly #countsRequests: boolean;

  #state: ConnectionState = "disconnected";
  /** Somebody who knows tells the state: from then on events alone say nothing about it. */
  #isTold = false;
  #url: string | null = null;
  #tunnelId: string | null = null;
  #connectedSince: number | undefined;
  #retries = 0;
  #lastError: LastError | null = null;
  #lastPing: string | null = null;
  readonly #pings: number[] = [];
  #dataPlane: DataPlaneState = "unknown";
  readonly #drops: number[] = [];
  #localFailure = -Infinity;

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

  /** What the connection says of itself; counts more than what events let guess. @param at milliseconds since 1970. */
  stateChanged(state: ConnectionState, at: number): void {
    this.#isTold = true;
    this.#enter(state, at);
  }

  /** From now on events say the state again, until somebody tells it: a new connection begins. */
  stateUnknown(): void {
    this.#isTold = false;
  }

  /** Takes one event in. What it does not know, or is not as it should be, is only kept as a recent event. */
  add(event: StatusEvent): void {
    const at = Date.parse(event.time);
    if (!NOT_KEPT.has(event.type)) {
      this.#recent.push(event);
      if (this.#recent.length > STATUS_LIMITS.recentEvents) this.#recent.shift();
    }
    const { data } = event;
    switch (event.type) {
      case "connection_attempt":
        this.#attempts++;
        break;
      case "authentication_success":
        this.#successes++;
        break;
      case "connection_failure":
      case "authentication_failure":
        // One of several sessions that broke, or an attempt that failed.
        if (data["others"] !== undefined) this.#dropped(at);
        else if (this.#attempts > this.#successes + this.#failures) this.#failures++;
        this.#failed(event);
        break;
      case "tunnel_established":
        this.#url = textOf(data["public_url"]) ?? this.#url;
        this.#tunnelId = textOf(data["tunnel_id"]) ?? this.#tunnelId;
        this.#retries = 0;
        break;
      case "tunnel_closed":
        if (data["code"] === "PN_CLOSED") break;
        this.#failed(event);
        this.#dropped(at);
        break;
      case "reconnection":
        // While the tunnel stands it is a session more that is tried for.
        if (this.#state !== "connected") this.#retries++;
        break;
      case "error":
        this.#failed(event);
        if (textOf(data["code"])?.startsWith("PN_DIAL_") === true) this.#localFailure = at;
        break;
      case "http_request":
        if (this.#countsRequests) this.#request(data, at);
        break;
      case "pong":
        this.#pong(numberOf(data["latency_ms"]), event.time);
        break;
      case "status_update":
        if (isDataPlane(data["data_plane"])) this.#dataPlane = data["data_plane"];
        break;
    }
    const state = STATES[event.type];
    if (!this.#isTold && state !== undefined) this.#enter(state, at);
  }

  /** @param now milliseconds since 1970. */
  report(now: number): EndpointReport {
    const finished = this.#successes + this.#failures;
    const latency = average(this.#pings);
    const uptime = this.#connectedSince === undefined ? 0 : Math.max(0, Math.floor((now - this.#connectedSince) / 1e3));
    return {
      endpoint: this.#endpoint,
      state: this.#state,
      public_url: this.#url,
      tunnel_id: this.#tunnelId,
      health: {
        score: healthScore({
          state: this.#state,
          retries: this.#retries,
          drops: this.#drops.filter((at) => at > now - DROP_MEMORY).length,
          pingLatency: latency,
          dataPlane: this.#dataPlane,
          localFailing: this.#localFailure > now - LOCAL_MEMORY,
        }),
        uptime_seconds: uptime,
        retry_count: this.#retries,
        last_error: this.#lastError,
        last_ping: this.#lastPing,
        avg_ping_latency_ms: latency === undefined ? null : rounded(latency),
        data_plane: this.#dataPlane,
      },
      metrics: {
        total_connections: this.#attempts,
        successful_connections: this.#successes,
        failed_connections: this.#failures,
        success_rate: finished === 0 ? null : Math.round((this.#successes / finished) * 1e4) / 1e4,
        http_requests: this.#requests,
        http_responses: this.#responses,
        responses_by_class: { ...this.#classes },
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

  /** Requests in the last `seconds` seconds, 60 at most. */
  requestsInLast(seconds: number, now: number): number {
    return this.#rate.last(seconds, now);
  }

  #enter(state: ConnectionState, at: number): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#connectedSince = state === "connected" ? at : undefined;
    // What a probe found out was true of a connection that is no more.
    if (state !== "connected") this.#dataPlane = "unknown";
  }

  #failed({ time, message, data }: StatusEvent): void {
    const code = textOf(data["code"]) ?? "PN_INTERNAL";
    this.#lastError = { time, code, message };
    const counted = this.#errors.has(code) || this.#errors.size < STATUS_LIMITS.errorCodes ? code : "other";
    this.#errors.set(counted, (this.#errors.get(counted) ?? 0) + 1);
  }

  #dropped(at: number): void {
    this.#drops.push(at);
    if (this.#drops.length > DROPS_KEPT) this.#drops.shift();
  }

  #request(data: Record<string, unknown>, at: number): void {
    if ("omitted" in data) {
      const omitted = numberOf(data["omitted"]);
      this.#omitted += omitted;
      this.#requests += omitted;
      this.#responses += omitted;
      this.#rate.add(omitted, at);
      return;
    }
    this.#requests++;
    this.#rate.add(1, at);
    this.#bytesIn += numberOf(data["bytes_in"]);
    this.#bytesOut += numberOf(data["bytes_out"]);
    this.#times.add(numberOf(data["duration_ms"]));
    const statusClass = STATUS_CLASSES[Math.floor(numberOf(data["status"]) / 100) - 1];
    if (statusClass === undefined) return;
    this.#responses++;
    this.#classes[statusClass]++;
  }

  #pong(latency: number, time: string): void {
    this.#lastPing = time;
    this.#pings.push(latency);
    if (this.#pings.length > STATUS_LIMITS.pings) this.#pings.shift();
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** What is no number that can be counted is 0; no server can make a sum overflow. */
function numberOf(value: unknown): number {
  return typeof value === "number" && value > 0 ? Math.min(value, Number.MAX_SAFE_INTEGER) : 0;
}

function average(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function isDataPlane(value: unknown): value is DataPlaneState {
  return value === "ok" || value === "failing" || value === "unknown";
}
