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

/** The label values for the rest, beyond METRIC_LABELS. No tunnel can have this name. */
export const REST_LABEL = "_other";

/** Numbers of tunnels and owners with series of their own. */
export const METRIC_LABELS = { tunnels: 250, owners: 100 } as const;

/** The media type of the metrics page. */
export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

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
  tunnelRequests: declare(
    "postern_tunnel_requests_total",
    "counter",
    "Finished requests by tunnel, its owner and status class.",
    "tunnel",
    "owner",
    "status",
  ),
  tunnelBytes: declare(
    "postern_tunnel_body_bytes_total",
    "counter",
    "Body bytes by tunnel and its owner: `in` from visitors, `out` to visitors.",
    "tunnel",
    "owner",
    "direction",
  ),
  ownerRequests: declare(
    "postern_owner_requests_total",
    "counter",
    "Finished requests by owner and status class.",
    "owner",
    "status",
  ),
  ownerBytes: declare(
    "postern_owner_body_bytes_total",
    "counter",
    "Body bytes by owner: `in` from visitors, `out` to visitors.",
    "owner",
    "direction",
  ),
  ownerSessions: declare("postern_owner_sessions", "gauge", "Sessions that are logged in, by owner.", "owner"),
  refused: declare(
    "postern_refused_requests_total",
    "counter",
    "Requests that the server refused before they were sent to a tunnel, by the code of the error.",
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
  accessLines: declare(
    "postern_access_log_lines_total",
    "counter",
    "Lines of the access log, including those that were dropped. Only with [logging.access].",
  ),
  accessDropped: declare(
    "postern_access_log_dropped_lines_total",
    "counter",
    "Lines of the access log that were dropped, because the disk or the reader was full or too slow.",
  ),
  certificate: declare(
    "postern_certificate_expiry_days",
    "gauge",
    "Days until the first of the server's certificates expires. Only with TLS.",
  ),
} as const satisfies Record<string, MetricDeclaration>;
