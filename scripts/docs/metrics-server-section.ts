import { EXCHANGE_ENDS } from "@postern/gateway";
import { LATENCY_BOUNDS, METRIC_LABELS, REST_LABEL, SERVER_METRICS, STATUS_INTERVAL } from "@postern/server";
import { metricsTable } from "./metrics-table.ts";

/** Returns the sections about the server. */
export function serverSection(): string[] {
  return [
    "## Health page of the server",
    "`GET /health` on the base domain (`health_endpoint` in `[tunnel.server.monitoring]`) returns 200 while the server accepts requests, and 503 while it stops.",
    "## Prometheus metrics of the server",
    "With `collect_metrics`, `GET /metrics` on the base domain (`metrics_endpoint`) returns the Prometheus text format. A service behind a tunnel has its own host name, so its `/metrics` stays available.",
    "By default, the metrics are available only to requests from the server's own machine, at its loopback address: `http://127.0.0.1:8080/metrics`. A request with X-Forwarded-For, Forwarded, X-Real-IP or Via counts as remote, unless a trusted proxy states that the visitor is local.",
    "A proxy on the same machine that sets none of these fields makes every visitor look local; set a `metrics_token` in that case. With a `metrics_token`, the page is available from any machine, but only with the token as a bearer token.",
    metricsTable(Object.values(SERVER_METRICS)),
    `Every request counts, including those beyond \`request_records\` that are not logged one by one. A counter whose label values are known in advance exists from the start, with 0. At most ${METRIC_LABELS.tunnels} tunnels and ${METRIC_LABELS.owners} owners have series of their own; tunnels and owners beyond that, and those that made room for others after they had stopped, are counted together under \`${REST_LABEL}\`.`,
    `Buckets of the histogram, in seconds: ${LATENCY_BOUNDS.join(", ")}. The end-to-end checks of clients are not counted.`,
    "The page also contains the default process metrics of prom-client, such as `process_resident_memory_bytes`, `process_open_fds`, `process_cpu_seconds_total`, `nodejs_heap_size_used_bytes` and `nodejs_eventloop_lag_p99_seconds`. Those of the event loop and of garbage collection are measured from the first request for the page.",
    "## How a request ended",
    "The label `ended` of metrics, and the field `ended` of request log lines and of `http_request` events, is one of these words:",
    [
      "| ended | meaning |",
      "|---|---|",
      ...Object.entries(EXCHANGE_ENDS).map(([end, text]) => `| \`${end}\` | ${text} |`),
    ].join("\n"),
    "`status` is the status that the visitor received, also if the response broke off later; 499 if the visitor left before. `code` is the error (docs/errors.md) that ended the request: the visitor received it unless a response had begun. `flaw` is the code of the fault in an invalid response.",
    "## Request log of the server",
    "The server logs each finished request to a tunnel at level `info` with the message `request`, except those beyond `request_records` per second, which it counts in one line (`omitted`). Besides the fields of the `http_request` event, a line has `name` (the tunnel), `owner`, `visitor` (the visitor's IP address), `host` and `user_agent`. Values in the query and in the User-Agent whose names suggest a secret are replaced by `***`. `enable_visitor_addresses`, `enable_request_hosts` and `enable_user_agents` in `[logging]` remove the last three fields. [logging.md](logging.md) describes the access log, which has a line for every request.",
    "## Status log of the server",
    `With \`log_server_status\`, the server logs the \`info\` message "status of the server" every ${STATUS_INTERVAL / 1_000} s and when it stops. Its fields \`sessions\`, \`tunnels\`, \`guarded_tunnels\` (those with access policies), \`streams\` and \`connections\` are current values, and \`rss_bytes\` is the resident memory of the process. \`requests\`, \`received_bytes\` and \`sent_bytes\` are counted since the previous message. With \`[logging.access]\`, \`access_log_lines\` and \`access_log_dropped\` are the lines of the access log since the start, and those of them that could not be written.`,
  ];
}
