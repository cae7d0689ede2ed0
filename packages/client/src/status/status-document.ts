import type { ConnectionState } from "../session/connection-state.js";
import type { DataPlaneState } from "../probe/data-plane.js";
import type { ResponseTimesReport } from "./response-times.js";

/** A TunnelEvent, or one that another part of the program tells in the same form. */
export interface StatusEvent {
  /** ISO 8601. */
  time: string;
  type: string;
  endpoint: string;
  message: string;
  data: Record<string, unknown>;
}

export interface LastError {
  /** ISO 8601. */
  time: string;
  /** Stable; docs/errors.md lists them all. */
  code: string;
  message: string;
}

export interface HealthReport {
  /** 0 to 100, as `healthScore` says. */
  score: number;
  /** Since it is connected without a break; 0 when it is not. */
  uptime_seconds: number;
  /** Retries in a row since it was connected. */
  retry_count: number;
  last_error: LastError | null;
  /** When the last heartbeat was answered, ISO 8601. */
  last_ping: string | null;
  /** Average of the last 20 heartbeats. */
  avg_ping_latency_ms: number | null;
  data_plane: DataPlaneState;
}

/** Counted since the client was started. */
export interface MetricsReport {
  total_connections: number;
  successful_connections: number;
  failed_connections: number;
  /** Share of the finished attempts that led to a session, 0 to 1; null before the first. */
  success_rate: number | null;
  http_requests: number;
  http_responses: number;
  /** Answers by the first digit of their status, of the requests that were listed one by one. */
  responses_by_class: Record<StatusClass, number>;
  /** Requests that the server only counted, because there were too many: their sizes, times and answers are not known. */
  omitted_requests: number;
  /** Bytes of bodies from visitors, of the requests that were listed one by one. */
  bytes_in: number;
  /** Bytes of bodies to visitors, of the requests that were listed one by one. */
  bytes_out: number;
  /** Requests of the last 60 seconds. */
  requests_per_minute: number;
  /** Of the requests that were listed one by one. */
  avg_response_time_ms: number | null;
  response_times: ResponseTimesReport;
  /** By code. */
  error_counts: Record<string, number>;
}

export const STATUS_CLASSES = ["1xx", "2xx", "3xx", "4xx", "5xx"] as const;
export type StatusClass = (typeof STATUS_CLASSES)[number];

/** How an endpoint is configured, without secrets. Durations in milliseconds. */
export interface ConfigSummary {
  /** The server's origin. */
  server: string;
  fallback_servers: string[];
  /** Sessions side by side. */
  sessions: number;
  local: string;
  subdomain: string | null;
  host_header: string | null;
  /** By what the client proves who it is. */
  auth_method: "api_key" | "token" | "certificate";
  connection_timeout_ms: number;
  keepalive_interval_ms: number;
  max_connections: number;
  reconnection: {
    enabled: boolean;
    initial_delay_ms: number;
    max_delay_ms: number;
    max_attempts: number;
  };
}

/** One endpoint, as it is now. */
export interface EndpointReport {
  endpoint: string;
  state: ConnectionState;
  /** The last one that was granted; null before the first. */
  public_url: string | null;
  tunnel_id: string | null;
  health: HealthReport;
  metrics: MetricsReport;
  /** The last 20, without requests and heartbeats, the newest last. */
  recent_events: StatusEvent[];
  config_summary: ConfigSummary;
}

/** What became of the events for the webhook since the client was started. */
export interface WebhookReport {
  events_delivered: number;
  /** Too many waited, or they were refused, or failed too often. */
  events_lost: number;
}

/** Everything a client says of itself: `GET /api/status`. */
export interface StatusDocument {
  /** Rises when a field changes its meaning or goes. New fields may come at any time. */
  schema: 1;
  version: string;
  pid: number;
  /** ISO 8601. */
  started: string;
  /** When this was said, ISO 8601. */
  time: string;
  /** Whether every endpoint is connected, and none is known not to let visitors through. */
  healthy: boolean;
  /** Null when there is none. */
  webhook: WebhookReport | null;
  endpoints: EndpointReport[];
}

/** Whether visitors get through, as far as is known: where nothing says more, being connected is enough. */
export function isHealthy({ state, health }: Pick<EndpointReport, "state" | "health">): boolean {
  return state === "connected" && health.data_plane !== "failing";
}
