import type { GatewayReport, GatewayTargetReport, GatewayTraffic } from "./gateway-report.js";
import type { Metric, MetricSample } from "./metric.js";
import type { StatusDocument } from "./status-document.js";
import { STATUS_CLASSES } from "./status-class.js";

type Labelled = readonly [labels: Record<string, string>, traffic: GatewayTraffic];

/** A metric of the gateway; no values without one. */
function ofGateway(
  type: Metric["type"],
  name: string,
  help: string,
  labels: readonly string[],
  samples: (gateway: GatewayReport) => MetricSample[],
): Metric {
  const read = ({ gateway }: StatusDocument): MetricSample[] => (gateway === null ? [] : samples(gateway));
  return { type, name, help, labels, samples: read };
}

function byStatus(all: readonly Labelled[]): MetricSample[] {
  return all.flatMap(([labels, { requests }]) =>
    STATUS_CLASSES.map((status) => ({ labels: { ...labels, status }, value: requests[status] })),
  );
}

function byDirection(all: readonly Labelled[]): MetricSample[] {
  return all.flatMap(([labels, { bytes_in, bytes_out }]) => [
    { labels: { ...labels, direction: "in" }, value: bytes_in },
    { labels: { ...labels, direction: "out" }, value: bytes_out },
  ]);
}

const routes = ({ all_routes }: GatewayReport): Labelled[] => all_routes.map((each) => [{ route: each.route }, each]);
const targets = (report: GatewayReport): Labelled[] => report.targets.map((each) => [{ target: each.target }, each]);

/** The targets of each route that is served now, with their labels. */
function perRoute({ routes: all }: GatewayReport): { labels: Record<string, string>; target: GatewayTargetReport }[] {
  return all.flatMap(({ route, targets: each }) =>
    each.map((target) => ({ labels: { route, target: target.target }, target })),
  );
}

/** The targets of the routes that are served now, each once. */
function current({ routes: all }: GatewayReport): Map<string, { state: string; active: number }> {
  return new Map(all.flatMap((route) => route.targets.map((each) => [each.target, each])));
}

export const GATEWAY_METRICS: readonly Metric[] = [
  ofGateway("gauge", "postern_gateway_connections", "Open connections of the gateway's visitors.", [], (gateway) => [
    { labels: {}, value: gateway.connections },
  ]),
  ofGateway(
    "counter",
    "postern_gateway_requests_total",
    "Finished requests by route and status class. `_other` is the sum of routes beyond 1,000.",
    ["route", "status"],
    (gateway) => byStatus(routes(gateway)),
  ),
  ofGateway(
    "counter",
    "postern_gateway_body_bytes_total",
    "Body bytes by route: `in` from visitors, `out` to visitors.",
    ["route", "direction"],
    (gateway) => byDirection(routes(gateway)),
  ),
  ofGateway(
    "counter",
    "postern_gateway_target_requests_total",
    "Finished requests by target and status class. `_other` is the sum of targets beyond 1,000.",
    ["target", "status"],
    (gateway) => byStatus(targets(gateway)),
  ),
  ofGateway(
    "counter",
    "postern_access_log_lines_total",
    "Lines of the access logs, including those that were dropped. Only with access logs.",
    [],
    ({ access_log: log }) => (log === null ? [] : [{ labels: {}, value: log.lines }]),
  ),
  ofGateway(
    "counter",
    "postern_access_log_dropped_lines_total",
    "Lines of the access logs that were dropped, because the disk or the reader was full or too slow.",
    [],
    ({ access_log: log }) => (log === null ? [] : [{ labels: {}, value: log.dropped }]),
  ),
  ofGateway(
    "gauge",
    "postern_gateway_target_available",
    "1 if the target gets requests, 0 if it gets none while others can; the state says why.",
    ["target"],
    (gateway) =>
      [...current(gateway)].map(([target, { state }]) => ({ labels: { target }, value: state === "ok" ? 1 : 0 })),
  ),
  ofGateway(
    "gauge",
    "postern_gateway_target_state",
    "1 for the present state of a target in a route; see the states in the status document.",
    ["route", "target", "state"],
    (gateway) =>
      perRoute(gateway).map(({ labels, target }) => ({ labels: { ...labels, state: target.state }, value: 1 })),
  ),
  ofGateway(
    "gauge",
    "postern_gateway_target_latency_seconds",
    "Time until the responses of a target in a route begin, a moving average. No value without recent responses.",
    ["route", "target"],
    (gateway) =>
      perRoute(gateway).flatMap(({ labels, target: { latency_ms } }) =>
        latency_ms === null ? [] : [{ labels, value: latency_ms / 1_000 }],
      ),
  ),
  ofGateway(
    "gauge",
    "postern_gateway_target_active_requests",
    "Requests in progress by target.",
    ["target"],
    (gateway) => [...current(gateway)].map(([target, { active }]) => ({ labels: { target }, value: active })),
  ),
];
