import { LATENCY_BOUNDS, SERVER_METRICS, STATUS_INTERVAL } from "@postern/server";

/** What a server tells of itself. */
export function serverSection(): string[] {
  return [
    "## The server: health",
    "`GET /health` on the base domain (`health_endpoint` in `[tunnel.server.monitoring]`): 200 while it takes new work, 503 while it stops.",
    "## The server: metrics",
    "With `collect_metrics`, `GET /metrics` on the base domain (`metrics_endpoint`): Prometheus' text format. A service behind a tunnel keeps its own `/metrics`: its address is another one.",
    "Only the server's own machine may read it, by its address: `http://127.0.0.1:8080/metrics`. Requests with X-Forwarded-For, Forwarded, X-Real-IP or Via come from elsewhere, unless a trusted proxy says that they don't. A proxy on the same machine that passes connections on without such a field looks like the machine itself: set a `metrics_token` then. With it, whoever sends it as a bearer token may read the page from anywhere, and nobody else.",
    [
      "| metric | type | labels | |",
      "|---|---|---|---|",
      ...Object.values(SERVER_METRICS).map(
        ({ name, type, labels, help }) =>
          `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(", ")} | ${help} |`,
      ),
    ].join("\n"),
    `Buckets of the histogram, in seconds: ${LATENCY_BOUNDS.join(", ")}. The client's own probes count nowhere.`,
    "Beside them are those that prom-client has of every process, among them `process_resident_memory_bytes`, `process_open_fds`, `process_cpu_seconds_total`, `nodejs_heap_size_used_bytes` and `nodejs_eventloop_lag_p99_seconds`.",
    `With \`log_server_status\` the log has an \`info\` line "status of the server" every ${STATUS_INTERVAL / 1_000} s and one at the end, whether or not there is a page: \`sessions\`, \`tunnels\`, \`streams\` and \`connections\` of visitors as they are, \`requests\`, \`received_bytes\` and \`sent_bytes\` of their bodies since the last such line, and the memory as \`rss_bytes\`.`,
  ];
}
