import { STATUS_LIMITS } from "./endpoint-status.js";
import { STATUS_CLASSES } from "./status-document.js";

/** A part of a JSON Schema (draft 2020-12), as far as it is needed here. */
export interface JsonSchema {
  type?: string | string[];
  description?: string;
  const?: unknown;
  enum?: readonly unknown[];
  format?: string;
  minimum?: number;
  maximum?: number;
  maxItems?: number;
  items?: JsonSchema;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: boolean | JsonSchema;
}

const text = (description: string): JsonSchema => ({ type: "string", description });
const time = (description: string): JsonSchema => ({ type: "string", format: "date-time", description });
const count = (description: string): JsonSchema => ({ type: "integer", minimum: 0, description });
const amount = (description: string): JsonSchema => ({ type: "number", minimum: 0, description });
const orNull = (schema: JsonSchema): JsonSchema => ({ ...schema, type: [schema.type as string, "null"] });
const object = (description: string, properties: Record<string, JsonSchema>): JsonSchema => ({
  type: "object",
  description,
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});

const event = object("An event.", {
  time: time("When it happened."),
  type: text("What happened; one of the event types."),
  endpoint: text("To which endpoint; `postern` for the process itself."),
  message: text("For people."),
  data: { type: "object", description: "What belongs to its type." },
});

const health = object("How well it is.", {
  score: { type: "integer", minimum: 0, maximum: 100, description: "0 to 100, as said above." },
  uptime_seconds: count("Seconds since it is connected without a break; 0 when it is not."),
  retry_count: count("Retries in a row since it was connected."),
  last_error: orNull(
    object("The last error; null when there was none.", {
      time: time("When."),
      code: text("Which, as in errors.md."),
      message: text("For people."),
    }),
  ),
  last_ping: orNull(time("When the last heartbeat was answered; null before the first.")),
  avg_ping_latency_ms: orNull(amount(`Average of the last ${STATUS_LIMITS.pings} heartbeats, in milliseconds.`)),
  data_plane: {
    type: "string",
    enum: ["ok", "failing", "unknown"],
    description:
      "Whether requests come through the tunnel, as the client's own do that it sends now and then. `unknown` before the first, without a connection, and where such requests cannot tell.",
  },
});

const responseTimes = object("How long requests took, as a histogram.", {
  bounds_ms: { type: "array", items: amount("A bound."), description: "Upper bounds of the buckets, in milliseconds." },
  counts: {
    type: "array",
    items: count("Requests."),
    description: "Requests in each bucket, not cumulated; the last is for those beyond all bounds.",
  },
  count: count("Requests in all buckets."),
  sum_ms: amount("Their time in all, in milliseconds."),
  p50_ms: orNull(amount("Half of them took no longer, in milliseconds; estimated within the bucket.")),
  p95_ms: orNull(amount("The same for 95 %.")),
  p99_ms: orNull(amount("The same for 99 %.")),
});

const metrics = object("Counted since the client was started.", {
  total_connections: count("Attempts to connect."),
  successful_connections: count("Attempts that led to a session: connected, and logged in."),
  failed_connections: count("Attempts that did not."),
  success_rate: orNull({
    type: "number",
    minimum: 0,
    maximum: 1,
    description: "Share of the finished attempts that led to a session, 0 to 1; null before the first.",
  }),
  http_requests: count("Requests of visitors."),
  http_responses: count("Those that were answered."),
  responses_by_class: object(
    "Answers by the first digit of their status.",
    Object.fromEntries(STATUS_CLASSES.map((each) => [each, count(`Answers ${each}.`)])),
  ),
  omitted_requests: count(
    "Requests beyond 50 a second. The server only counts them: all figures below but requests_per_minute, and responses_by_class, are of the others.",
  ),
  bytes_in: count("Bytes of bodies from visitors."),
  bytes_out: count("Bytes of bodies to visitors."),
  requests_per_minute: count("Requests of the last 60 seconds."),
  avg_response_time_ms: orNull(amount("Average time of a request, in milliseconds; null before the first.")),
  response_times: responseTimes,
  error_counts: {
    type: "object",
    additionalProperties: count("Errors."),
    description: `Errors by code, of ${STATUS_LIMITS.errorCodes} codes at most; the rest is \`other\`.`,
  },
});

const configSummary = object("How it is configured, without secrets.", {
  server: text("The server's origin."),
  fallback_servers: {
    type: "array",
    items: text("An origin."),
    description: "The origins of those that it turns to when the first cannot be reached.",
  },
  sessions: count("Sessions side by side that serve the tunnel."),
  local: text("The local service."),
  subdomain: orNull(text("The wished name.")),
  host_header: orNull(text("What the local service sees as Host; null for what visitors sent.")),
  auth_method: {
    type: "string",
    enum: ["api_key", "token", "certificate"],
    description: "By what the client proves who it is.",
  },
  connection_timeout_ms: amount("How long one attempt may take, in milliseconds."),
  keepalive_interval_ms: amount("Time between two heartbeats, in milliseconds."),
  max_connections: count("Connections of visitors at once."),
  reconnection: object("What happens after a drop.", {
    enabled: { type: "boolean", description: "Whether it is tried again." },
    initial_delay_ms: amount("The first pause, in milliseconds."),
    max_delay_ms: amount("The longest pause, in milliseconds."),
    max_attempts: count("Attempts in a row; 0 for any number."),
  }),
});

const endpoint = object("One endpoint, as it is now.", {
  endpoint: text("Its label."),
  state: {
    type: "string",
    enum: ["disconnected", "connecting", "authenticating", "connected", "reconnecting", "draining", "failed"],
    description: "The state of its connection.",
  },
  public_url: orNull(text("The last address that was granted; null before the first.")),
  tunnel_id: orNull(text("The tunnel's id; null before the first.")),
  health,
  metrics,
  recent_events: {
    type: "array",
    items: event,
    maxItems: STATUS_LIMITS.recentEvents,
    description: `The last ${STATUS_LIMITS.recentEvents} events, the newest last; without requests and heartbeats.`,
  },
  config_summary: configSummary,
});

const webhook = object("What became of the events for status_webhook; null when there is none.", {
  events_delivered: count("Events that arrived."),
  events_lost: count("Events that never will arrive: too many waited, or they were refused, or failed too often."),
});

/** The JSON Schema of a StatusDocument, in its version 1. */
export const STATUS_SCHEMA: JsonSchema = object("Everything a client says of itself.", {
  schema: { const: 1, description: "The version of this form. It rises when a field changes its meaning, or goes." },
  version: text("Postern's version."),
  pid: count("The client's process."),
  started: time("When it was started."),
  time: time("When this was said."),
  healthy: {
    type: "boolean",
    description: "Whether every endpoint is connected, and none has a data plane that is `failing`.",
  },
  webhook: orNull(webhook),
  endpoints: { type: "array", items: endpoint, description: "Its endpoints." },
});
