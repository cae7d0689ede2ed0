// The subpath `@postern/client/status`: the status of endpoints, without the code of tunnels. It is not a public
// interface: the `postern` command uses it.
export { CLIENT_METRICS, metricFamilies } from "./status/client-metrics.js";
export type { Metric } from "./status/metric.js";
export { configSummary } from "./status/config-summary.js";
export { EndpointStatus } from "./status/endpoint-status.js";
export { EventHistory, EVENTS_KEPT, matches, type EventFilter, type NumberedEvent } from "./status/event-history.js";
export { GATEWAY_METRICS } from "./status/gateway-metrics.js";
export type { GatewayReport } from "./status/gateway-report.js";
export { otherClients } from "./status/group-text.js";
export { HEALTH } from "./status/health-score.js";
export { metricsText, METRICS_TEXT_TYPE } from "./status/metrics-text.js";
export { RESPONSE_TIME_BOUNDS } from "./status/response-times.js";
export { isHealthy, type StatusDocument, type WebhookReport } from "./status/status-document.js";
export { STATUS_SCHEMA, type JsonSchema } from "./status/status-schema.js";
