import type { RequestEnd } from "@postern/protocol";
import type { LocalState } from "../local/local-monitor.js";
import type { ConnectionState } from "../session/connection-state.js";
import type { DataPlaneState } from "../probe/data-plane.js";
import type { GatewayReport } from "./gateway-report.js";
import type { GroupState, TunnelEvent } from "../tunnel-event.js";
import type { ResponseTimesReport } from "./response-times.js";
import type { StatusClass } from "./status-class.js";

/** An event that the program reports about itself, in the form of a TunnelEvent. */
export interface ProgramEvent {
  /** ISO 8601. */
  time: string;
  type: "status_update";
  endpoint: string;
  message: string;
  data: { data_plane?: undefined; local?: undefined; group?: undefined; [field: string]: unknown };
}

export type StatusEvent = TunnelEvent | ProgramEvent;

export interface LastError {
  /** ISO 8601. */
  time: string;
  /** Stable; docs/errors.md lists all codes. */
  code: string;
  message: string;
}

export interface HealthReport {
  /** 0 to 100; see `healthScore`. */
  score: number;
  /** Since the endpoint was connected; 0 when it is not connected. */
  uptime_seconds: number;
  /** Retries in a row since the endpoint was connected. */
  retry_count: number;
  last_error: LastError | null;
  /** When the last heartbeat was answered, ISO 8601. */
  last_ping: string | null;
  /** Average of the last 20 heartbeats. */
  avg_ping_latency_ms: number | null;
  data_plane: DataPlaneState;
  /** Whether the local service accepts connections. While it does not, visitors get status 502. */
  local: LocalState;
}

/** Counted since the start of the client. */
export interface MetricsReport {
  total_connections: number;
  successful_connections: number;
  failed_connections: number;
  /** The share of finished attempts that led to a session, 0 to 1; null before the first. */
  success_rate: number | null;
  http_requests: number;
  http_responses: number;
  /** Responses by the first digit of their status. */
  responses_by_class: Record<StatusClass, number>;
  /** Requests by how they ended. */
  requests_by_end: Record<RequestEnd, number>;
  /**
   * Requests without an event of their own, because there were too many to list. All counts include them; older servers
   * do not report their sizes, durations, statuses and ends.
   */
  omitted_requests: number;
  /** Body bytes from visitors. */
  bytes_in: number;
  /** Body bytes to visitors. */
  bytes_out: number;
  /** Requests in the last 60 seconds. */
  requests_per_minute: number;
  avg_response_time_ms: number | null;
  response_times: ResponseTimesReport;
  /** By code. */
  error_counts: Record<string, number>;
}

/** How an endpoint is configured, without secrets. Durations in milliseconds. */
export interface ConfigSummary {
  /** The server's origin. */
  server: string;
  fallback_servers: string[];
  /** The number of sessions that serve the endpoint together. */
  sessions: number;
  local: string;
  subdomain: string | null;
  host_header: string | null;
  /** The share of the requests, for an endpoint that serves its name together with other clients; otherwise null. */
  group_weight: number | null;
  /** The kind of credential that the client logs in with. */
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

/** The current state of one endpoint. */
export interface EndpointReport {
  endpoint: string;
  state: ConnectionState;
  /** Of the last grant; null before the first. */
  public_url: string | null;
  tunnel_id: string | null;
  /** Null for an endpoint that does not join others, and at servers that do not report changes. */
  group: GroupState | null;
  /** For each kind of access policy that the server enforces, a few words for people. Empty: everyone is admitted. */
  access: Record<string, string>;
  health: HealthReport;
  metrics: MetricsReport;
  /** The last 20 events except requests and heartbeats, the newest last. */
  recent_events: StatusEvent[];
  config_summary: ConfigSummary;
}

/** The events for the webhook since the start of the client. */
export interface WebhookReport {
  events_delivered: number;
  /** Events that were discarded: the queue was full, or the webhook refused them or failed too often. */
  events_lost: number;
}

/** The whole status of a client: `GET /api/status`. */
export interface StatusDocument {
  /** Is incremented when a field is removed or changes its meaning. New fields may be added at any time. */
  schema: 1;
  version: string;
  pid: number;
  /** ISO 8601. */
  started: string;
  /** When the document was created, ISO 8601. */
  time: string;
  /** Whether every endpoint is healthy. */
  healthy: boolean;
  /** Null without a webhook. */
  webhook: WebhookReport | null;
  endpoints: EndpointReport[];
  /** Null if this process runs no gateway. */
  gateway: GatewayReport | null;
}

/**
 * Whether requests reach the local service as far as the client knows: the endpoint is connected, its probes do not
 * fail, and the service accepts connections.
 */
export function isHealthy({ state, health }: Pick<EndpointReport, "state" | "health">): boolean {
  return state === "connected" && health.data_plane !== "failing" && health.local !== "failing";
}
