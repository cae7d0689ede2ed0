// The subpath `@postern/client/command`: exports that the `postern` command needs in addition to the SDK. It is not a
// public interface.
export { parseLocalAddress, type LocalAddress } from "./local/local-address.js";
export { reachLocal } from "./local/reach-local.js";
export { dialThrough } from "./server-connection/dial-through.js";
export { proxyOf } from "./server-connection/proxy-address.js";
export { PROXY_LIMITS } from "./server-connection/proxy-tunnel.js";
export { checkConnectOptions } from "./tunnel.js";
export { parseServerAddress } from "./server-connection/server-address.js";
export { isRunning, localFault, localFaultCode } from "./local/local-fault.js";
export { acceptsTls } from "./local/local-service.js";
export { checkServer, type ServerCheck } from "./server-connection/server-check.js";
export { CLIENT_METRICS, metricFamilies } from "./status/client-metrics.js";
export type { Metric, MetricFamily, MetricSample } from "./status/metric.js";
export { configSummary } from "./status/config-summary.js";
export { EndpointStatus, STATUS_LIMITS } from "./status/endpoint-status.js";
export { EventHistory, EVENTS_KEPT, matches, type EventFilter, type NumberedEvent } from "./status/event-history.js";
export { HEALTH, healthScore, type HealthFacts } from "./status/health-score.js";
export { metricsText, METRICS_TEXT_TYPE } from "./status/metrics-text.js";
export { RESPONSE_TIME_BOUNDS } from "./status/response-times.js";
export { GATEWAY_METRICS } from "./status/gateway-metrics.js";
export type { GatewayReport } from "./status/gateway-report.js";
export { isHealthy, type ProgramEvent, type StatusDocument, type WebhookReport } from "./status/status-document.js";
export { STATUS_SCHEMA, type JsonSchema } from "./status/status-schema.js";
