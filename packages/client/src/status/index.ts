export { configSummary } from "./config-summary.js";
export { EndpointStatus, STATUS_LIMITS } from "./endpoint-status.js";
export { EventHistory, EVENTS_KEPT, matches, type EventFilter, type NumberedEvent } from "./event-history.js";
export { HEALTH, healthScore, type HealthFacts } from "./health-score.js";
export { RESPONSE_TIME_BOUNDS } from "./response-times.js";
export {
  isHealthy,
  type ConfigSummary,
  type EndpointReport,
  type HealthReport,
  type LastError,
  type MetricsReport,
  type StatusDocument,
  type StatusEvent,
  type WebhookReport,
} from "./status-document.js";
export { STATUS_SCHEMA, type JsonSchema } from "./status-schema.js";
export { CLIENT_METRICS, metricFamilies, type Metric, type MetricFamily, type MetricSample } from "./client-metrics.js";
export { metricsText, METRICS_TEXT_TYPE } from "./metrics-text.js";
