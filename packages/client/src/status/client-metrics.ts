import { GATEWAY_METRICS } from "./gateway-metrics.js";
import type { Metric, MetricFamily, MetricSample } from "./metric.js";
import { isHealthy, type EndpointReport, type StatusDocument, type WebhookReport } from "./status-document.js";
import { STATUS_CLASSES } from "./status-class.js";

type Read = (report: EndpointReport) => number | null;

/** One value for each endpoint; none when it is unknown. */
function each(type: "gauge" | "counter", name: string, help: string, read: Read): Metric {
  return {
    name,
    type,
    help,
    labels: ["endpoint"],
    samples: ({ endpoints }) =>
      endpoints.flatMap((report) => {
        const value = read(report);
        return value === null ? [] : [{ labels: { endpoint: report.endpoint }, value }];
      }),
  };
}

/** Several values for each endpoint, distinguished by one more label. */
function split(
  type: "gauge" | "counter",
  name: string,
  help: string,
  label: string,
  read: (report: EndpointReport) => Record<string, number>,
): Metric {
  return {
    name,
    type,
    help,
    labels: ["endpoint", label],
    samples: ({ endpoints }) =>
      endpoints.flatMap((report) =>
        Object.entries(read(report)).map(([key, value]) => ({
          labels: { endpoint: report.endpoint, [label]: key },
          value,
        })),
      ),
  };
}

/** One value of the webhook; none without a webhook. */
function ofWebhook(name: string, help: string, read: (report: WebhookReport) => number): Metric {
  return {
    name,
    type: "counter",
    help,
    labels: [],
    samples: ({ webhook }) => (webhook === null ? [] : [{ labels: {}, value: read(webhook) }]),
  };
}

const STATES = ["disconnected", "connecting", "authenticating", "connected", "reconnecting", "draining", "failed"];
/** The states of a data plane and of a local service. */
const CONDITIONS = ["ok", "failing", "unknown"];

/** 1 for the current name, 0 for the others. */
function oneOf(names: readonly string[], present: string): Record<string, number> {
  return Object.fromEntries(names.map((name) => [name, name === present ? 1 : 0]));
}

/** The metrics of a client, computed from its status. */
export const CLIENT_METRICS: readonly Metric[] = [
  {
    name: "postern_client_info",
    type: "gauge",
    help: "Always 1; the label holds the version.",
    labels: ["version"],
    samples: ({ version }) => [{ labels: { version }, value: 1 }],
  },
  {
    name: "postern_client_start_time_seconds",
    type: "gauge",
    help: "Start of the client, as Unix time.",
    labels: [],
    samples: ({ started }) => [{ labels: {}, value: Date.parse(started) / 1_000 }],
  },
  each(
    "gauge",
    "postern_client_endpoint_healthy",
    "1 while the endpoint is connected and neither its data plane nor its local service is failing, otherwise 0.",
    (report) => Number(isHealthy(report)),
  ),
  split(
    "gauge",
    "postern_client_endpoint_state",
    "1 for the current state of the endpoint, 0 for the others.",
    "state",
    ({ state }) => oneOf(STATES, state),
  ),
  split(
    "gauge",
    "postern_client_endpoint_data_plane",
    "1 for the current state of the data plane, 0 for the others.",
    "data_plane",
    ({ health }) => oneOf(CONDITIONS, health.data_plane),
  ),
  split(
    "gauge",
    "postern_client_endpoint_local",
    "1 for the current state of the local service, 0 for the others. While it is `failing`, visitors get status 502.",
    "local",
    ({ health }) => oneOf(CONDITIONS, health.local),
  ),
  each("gauge", "postern_client_endpoint_health_score", "The health score, 0 to 100.", ({ health }) => health.score),
  each(
    "gauge",
    "postern_client_endpoint_uptime_seconds",
    "Time since the endpoint was connected; 0 while it is not.",
    ({ health }) => health.uptime_seconds,
  ),
  each(
    "gauge",
    "postern_client_endpoint_retries",
    "Retries in a row since the endpoint was last connected.",
    ({ health }) => health.retry_count,
  ),
  each("gauge", "postern_client_ping_latency_seconds", "Average round trip of the last 20 heartbeats.", ({ health }) =>
    seconds(health.avg_ping_latency_ms),
  ),
  each(
    "gauge",
    "postern_client_last_ping_timestamp_seconds",
    "Time of the last heartbeat response, as Unix time.",
    ({ health }) => (health.last_ping === null ? null : Date.parse(health.last_ping) / 1_000),
  ),
  each(
    "counter",
    "postern_client_connection_attempts_total",
    "Attempts to connect to the server.",
    ({ metrics }) => metrics.total_connections,
  ),
  split(
    "counter",
    "postern_client_connections_total",
    "Finished attempts to connect, by outcome.",
    "outcome",
    ({ metrics }) => ({ success: metrics.successful_connections, failure: metrics.failed_connections }),
  ),
  each(
    "counter",
    "postern_client_http_requests_total",
    "Requests from visitors.",
    ({ metrics }) => metrics.http_requests,
  ),
  each(
    "counter",
    "postern_client_http_requests_omitted_total",
    "Requests from visitors that the server only counted. The other request metrics include them, if the server reports their sums.",
    ({ metrics }) => metrics.omitted_requests,
  ),
  split(
    "counter",
    "postern_client_http_requests_ended_total",
    "Requests from visitors by how they ended.",
    "ended",
    ({ metrics }) => ({ ...metrics.requests_by_end }),
  ),
  split(
    "counter",
    "postern_client_http_responses_total",
    "Responses by the first digit of their status.",
    "class",
    ({ metrics }) => Object.fromEntries(STATUS_CLASSES.map((name) => [name, metrics.responses_by_class[name]])),
  ),
  each(
    "counter",
    "postern_client_http_received_bytes_total",
    "Body bytes from visitors.",
    ({ metrics }) => metrics.bytes_in,
  ),
  each(
    "counter",
    "postern_client_http_sent_bytes_total",
    "Body bytes to visitors.",
    ({ metrics }) => metrics.bytes_out,
  ),
  {
    name: "postern_client_http_response_time_seconds",
    type: "histogram",
    help: "Duration of requests.",
    labels: ["endpoint"],
    samples: ({ endpoints }) => endpoints.flatMap(histogram),
  },
  split(
    "counter",
    "postern_client_errors_total",
    "Errors by code (docs/errors.md).",
    "code",
    ({ metrics }) => metrics.error_counts,
  ),
  ofWebhook(
    "postern_client_webhook_events_delivered_total",
    "Events delivered to status_webhook. Only with a webhook.",
    ({ events_delivered }) => events_delivered,
  ),
  ofWebhook(
    "postern_client_webhook_events_lost_total",
    "Events for status_webhook that were discarded: the queue was full, or the webhook refused them or failed too often. Only with a webhook.",
    ({ events_lost }) => events_lost,
  ),
];

/** All metrics with their values, for JSON. */
export function metricFamilies(status: StatusDocument): MetricFamily[] {
  return [...CLIENT_METRICS, ...GATEWAY_METRICS].map(({ name, type, help, samples }) => ({
    name,
    type,
    help,
    samples: samples(status),
  }));
}

function seconds(milliseconds: number | null): number | null {
  return milliseconds === null ? null : milliseconds / 1_000;
}

function histogram({ endpoint, metrics }: EndpointReport): MetricSample[] {
  const { bounds_ms, counts, count, sum_ms } = metrics.response_times;
  let cumulative = 0;
  const buckets = counts.map((inBucket, index): MetricSample => {
    const bound = bounds_ms[index];
    cumulative += inBucket;
    const le = bound === undefined ? "+Inf" : String(bound / 1_000);
    return { suffix: "_bucket", labels: { endpoint, le }, value: cumulative };
  });
  return [
    ...buckets,
    { suffix: "_sum", labels: { endpoint }, value: sum_ms / 1_000 },
    { suffix: "_count", labels: { endpoint }, value: count },
  ];
}
