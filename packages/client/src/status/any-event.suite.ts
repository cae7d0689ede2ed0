import fc from "fast-check";
import type { TunnelEventType } from "../tunnel-event.js";
import type { ConfigSummary, StatusEvent } from "./status-document.js";

/** The time at which these tests begin. */
export const START = Date.parse("2026-11-22T10:00:00.000Z");

export const CONFIG: ConfigSummary = {
  server: "https://tunnel.example.com",
  fallback_servers: [],
  sessions: 1,
  local: "3000",
  subdomain: "web",
  host_header: null,
  group_weight: null,
  auth_method: "api_key",
  connection_timeout_ms: 30_000,
  keepalive_interval_ms: 10_000,
  max_connections: 1_024,
  reconnection: { enabled: true, initial_delay_ms: 1_000, max_delay_ms: 20_000, max_attempts: 0 },
};

/** An event of the endpoint `web`, `at` milliseconds after START. Its data need not be complete. */
export function eventOf(type: TunnelEventType, data: Record<string, unknown> = {}, at = 0): StatusEvent {
  const message = `this was ${type}`;
  return { time: new Date(START + at).toISOString(), type, endpoint: "web", message, data } as StatusEvent;
}

export function requestOf(status: number, duration: number, at = 0): StatusEvent {
  const record = { method: "GET", path: "/", status, duration_ms: duration, bytes_in: 10, bytes_out: 100 };
  return eventOf("http_request", record, at);
}

const data = fc.record(
  {
    omitted: fc.nat(),
    totals: fc.record({
      statuses: fc.array(fc.integer(), { maxLength: 7 }),
      ended: fc.dictionary(fc.constantFrom("complete", "refused", "other"), fc.integer()),
      bytes_in: fc.integer(),
      bytes_out: fc.integer(),
      duration_ms: fc.double(),
      durations: fc.array(fc.integer(), { maxLength: 20 }),
    }),
    ended: fc.constantFrom("complete", "origin_reset", "timeout"),
    others: fc.nat(),
    code: fc.constantFrom("PN_SESSION_LOST", "PN_DIAL_REFUSED", "PN_CLOSED", "PN_AUTH_REFUSED", '"\n\\'),
    public_url: fc.webUrl(),
    tunnel_id: fc.string(),
    latency_ms: fc.double(),
    data_plane: fc.constantFrom("ok", "failing", "unknown"),
    local: fc.constantFrom("ok", "failing"),
    status: fc.integer({ min: -1, max: 1_000 }),
    duration_ms: fc.double(),
    bytes_in: fc.integer(),
    bytes_out: fc.integer(),
  },
  {
    requiredKeys: [
      "code",
      "public_url",
      "tunnel_id",
      "latency_ms",
      "data_plane",
      "status",
      "duration_ms",
      "bytes_in",
      "bytes_out",
    ],
  },
);

const TYPES: readonly TunnelEventType[] = [
  "connection_attempt",
  "connection_success",
  "connection_failure",
  "authentication_success",
  "authentication_failure",
  "tunnel_established",
  "tunnel_closed",
  "http_request",
  "token_refresh",
  "reconnection",
  "error",
  "pong",
  "status_update",
];

/** Events of one endpoint in the order of their time; numbers may be of any size. */
export const anyEvents: fc.Arbitrary<StatusEvent[]> = fc
  .array(fc.tuple(fc.constantFrom(...TYPES), data, fc.nat({ max: 100_000 })), { maxLength: 60 })
  .map((steps) => {
    let at = 0;
    return steps.map(([type, given, pause]) => eventOf(type, given, (at += pause)));
  });
