import { REQUEST_ENDS } from "@postern/protocol/constants";
import { STATUS_LIMITS } from "./endpoint-status.js";
import { TARGET_STATES } from "./gateway-report.js";
import { STATUS_CLASSES } from "./status-class.js";

/** A part of a JSON Schema (draft 2020-12), limited to the keywords of the schema below. */
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
  time: time("When the event occurred."),
  type: text("The type of the event."),
  endpoint: text("The endpoint; `postern` for the process itself."),
  message: text("Text for people to read."),
  data: { type: "object", description: "Depends on `type`." },
});

const health = object("The health of the endpoint.", {
  score: { type: "integer", minimum: 0, maximum: 100, description: "The health score, 0 to 100." },
  uptime_seconds: count("Seconds since the endpoint was connected; 0 while it is not."),
  retry_count: count("Retries in a row since the endpoint was last connected."),
  last_error: orNull(
    object("The last error; null if there was none.", {
      time: time("When the error occurred."),
      code: text("The error code; errors.md lists all codes."),
      message: text("Text for people to read."),
    }),
  ),
  last_ping: orNull(time("When the last heartbeat was answered; null before the first.")),
  avg_ping_latency_ms: orNull(
    amount(`Average round trip of the last ${STATUS_LIMITS.pings} heartbeats, in milliseconds.`),
  ),
  data_plane: {
    type: "string",
    enum: ["ok", "failing", "unknown"],
    description:
      "Whether requests reach the client through the tunnel, according to the end-to-end check. `unknown` before the first result, without a connection, and when the check is inconclusive.",
  },
  local: {
    type: "string",
    enum: ["ok", "failing", "unknown"],
    description:
      "Whether the local service accepts connections. While it is `failing`, visitors get status 502. `unknown` before the first check.",
  },
});

const responseTimes = object("The duration of requests, as a histogram.", {
  bounds_ms: { type: "array", items: amount("A bound."), description: "Upper bounds of the buckets, in milliseconds." },
  counts: {
    type: "array",
    items: count("Requests."),
    description: "Requests in each bucket, not cumulative; the last bucket holds those beyond all bounds.",
  },
  count: count("Requests in all buckets."),
  sum_ms: amount("Sum of the durations, in milliseconds."),
  p50_ms: orNull(amount("The median, in milliseconds, interpolated within the bucket.")),
  p95_ms: orNull(amount("The 95th percentile, in milliseconds.")),
  p99_ms: orNull(amount("The 99th percentile, in milliseconds.")),
});

const metrics = object("Counted since the start of the client.", {
  total_connections: count("Attempts to connect."),
  successful_connections: count("Attempts that led to a session: connected, and logged in."),
  failed_connections: count("Attempts that failed."),
  success_rate: orNull({
    type: "number",
    minimum: 0,
    maximum: 1,
    description: "The share of finished attempts that led to a session, 0 to 1; null before the first.",
  }),
  http_requests: count("Requests from visitors."),
  http_responses: count("Requests that got a response."),
  responses_by_class: object(
    "Responses by the first digit of their status.",
    Object.fromEntries(STATUS_CLASSES.map((each) => [each, count(`Responses with status ${each}.`)])),
  ),
  requests_by_end: object(
    "Requests by how they ended.",
    Object.fromEntries(REQUEST_ENDS.map((each) => [each, count(`Requests that ended as \`${each}\`.`)])),
  ),
  omitted_requests: count(
    "Requests without an event of their own, because there were too many in a second. All counts include them; older servers do not report their sizes, durations, statuses and ends.",
  ),
  bytes_in: count("Body bytes from visitors."),
  bytes_out: count("Body bytes to visitors."),
  requests_per_minute: count("Requests in the last 60 seconds."),
  avg_response_time_ms: orNull(amount("Average duration of a request, in milliseconds; null before the first.")),
  response_times: responseTimes,
  error_counts: {
    type: "object",
    additionalProperties: count("Errors."),
    description: `Errors by code, for at most ${STATUS_LIMITS.errorCodes} codes; errors with other codes are counted as \`other\`.`,
  },
});

const configSummary = object("The configuration of the endpoint, without secrets.", {
  server: text("The server's origin."),
  fallback_servers: {
    type: "array",
    items: text("An origin."),
    description: "The origins of the servers that are used when the first one is down.",
  },
  sessions: count("The number of sessions that serve the tunnel together."),
  local: text("The local service."),
  subdomain: orNull(text("The requested subdomain; null if the server chooses one.")),
  host_header: orNull(text("The Host that the local service receives; null if it is the visitor's.")),
  group_weight: orNull(
    count(
      "The share of the requests, relative to the clients that serve the name together with this one; null if the endpoint does not join other clients.",
    ),
  ),
  auth_method: {
    type: "string",
    enum: ["api_key", "token", "certificate"],
    description: "Login method of the client.",
  },
  connection_timeout_ms: amount("Timeout of one attempt to connect, in milliseconds."),
  keepalive_interval_ms: amount("Time between two heartbeats, in milliseconds."),
  max_connections: count("Maximum number of connections to the local service."),
  reconnection: object("Reconnection after a session was lost.", {
    enabled: { type: "boolean", description: "Whether the client reconnects." },
    initial_delay_ms: amount("Delay before the first retry, in milliseconds."),
    max_delay_ms: amount("Maximum delay, in milliseconds."),
    max_attempts: count("Retries in a row before the endpoint fails; 0 means no limit."),
  }),
});

const endpoint = object("The current state of one endpoint.", {
  endpoint: text("The label of the endpoint."),
  state: {
    type: "string",
    enum: ["disconnected", "connecting", "authenticating", "connected", "reconnecting", "draining", "failed"],
    description: "The state of the connection.",
  },
  public_url: orNull(text("The public address that the server assigned last; null before the first tunnel.")),
  tunnel_id: orNull(text("The tunnel's id; null before the first tunnel.")),
  group: orNull(
    object(
      "The clients that serve the name together; null if the endpoint does not join other clients, and at servers that do not report changes.",
      {
        members: count("The number of clients that serve the name now, this one included."),
        strategy: text("How the server distributes the requests among them."),
      },
    ),
  ),
  access: {
    type: "object",
    additionalProperties: text("A few words for people, without secrets."),
    description:
      "The access policies that the server enforced for the last tunnel, by kind, such as `basic_auth`. Empty: everyone is admitted.",
  },
  health,
  metrics,
  recent_events: {
    type: "array",
    items: event,
    maxItems: STATUS_LIMITS.recentEvents,
    description: `The last ${STATUS_LIMITS.recentEvents} events except requests and heartbeats, the newest last.`,
  },
  config_summary: configSummary,
});

const webhook = object("The events for status_webhook; null without a webhook.", {
  events_delivered: count("Events that were delivered."),
  events_lost: count(
    "Events that were discarded: the queue was full, or the webhook refused them or failed too often.",
  ),
});

const traffic = {
  requests: object(
    "Finished requests by status class.",
    Object.fromEntries(STATUS_CLASSES.map((name) => [name, count(`Requests with status ${name}.`)])),
  ),
  bytes_in: count("Body bytes from visitors."),
  bytes_out: count("Body bytes to visitors."),
};

const gatewayTarget = object("A target of the route.", {
  target: text(
    "Its host and port, the path of its socket, or `tunnel://name`; `tunnel://name#2` is one of several clients that serve the tunnel.",
  ),
  state: {
    type: "string",
    enum: Object.keys(TARGET_STATES),
    description: `Why it gets no requests while others can. ${Object.entries(TARGET_STATES)
      .map(([state, meaning]) => `\`${state}\`: ${meaning}`)
      .join("; ")}.`,
  },
  active: count("Requests in progress to this target, from all routes."),
  requests_per_second: amount("Finished requests per second to this target, from all routes, in the last 10 seconds."),
  weight: count("Its share of the requests, relative to the other targets."),
  latency_ms: orNull(
    amount(
      "Milliseconds until its responses begin, a moving average; null for the only target of a route without health options, and without recent responses.",
    ),
  ),
  last_failure: orNull(
    object(
      "The last failure; null if there was none, or if the target is the only one of a route without health options.",
      {
        reason: text("The reason, for the owner of the target."),
        time: orNull(time("When the request failed; null for a health check, which fails now.")),
      },
    ),
  ),
});

const gateway = object("The gateway; null if the process runs none.", {
  address: text("Its address for HTTP, `host:port`."),
  secure_address: orNull(text("Its address for HTTPS; null without HTTPS.")),
  connections: count("Open connections of visitors."),
  access_log: orNull(
    object("Lines of the access logs since the start; null without logs.", {
      lines: count("All lines, including the dropped ones."),
      dropped: count("Lines that could not be written."),
    }),
  ),
  routes: {
    type: "array",
    items: object("A route that is served now.", {
      route: text("The name of the route: its methods, host and path."),
      action: {
        type: "string",
        enum: ["forward", "files", "redirect", "respond"],
        description: "What the route does.",
      },
      targets: { type: "array", items: gatewayTarget, description: "Empty unless the route has targets." },
      ...traffic,
    }),
    description: "The routes that are served now.",
  },
  targets: {
    type: "array",
    items: object("The traffic of a target.", { target: text("The target, or `_other`."), ...traffic }),
    description: "The traffic of all targets, including removed ones.",
  },
  all_routes: {
    type: "array",
    items: object("The traffic of a route.", { route: text("The route, or `_other`."), ...traffic }),
    description: "The traffic of all routes, including removed ones.",
  },
});

/** The JSON Schema of a StatusDocument, version 1. */
export const STATUS_SCHEMA: JsonSchema = object("The status of a client.", {
  schema: {
    const: 1,
    description: "The version of the schema. It is incremented when a field is removed or changes its meaning.",
  },
  version: text("The version of Postern."),
  pid: count("The id of the client's process."),
  started: time("When the client was started."),
  time: time("When the document was created."),
  healthy: {
    type: "boolean",
    description: "Whether every endpoint is connected, and neither its data plane nor its local service is `failing`.",
  },
  webhook: orNull(webhook),
  endpoints: { type: "array", items: endpoint, description: "The endpoints of the client." },
  gateway: orNull(gateway),
});
