export type {
  GatewayFigures,
  LabelledFigures,
  RouteFigures,
  TargetFigures,
  TrafficFigures,
} from "./gateway-figures.js";
export { GATEWAY_LABELS, OTHER_LABEL, startGateway, type GatewayService } from "./gateway-service.js";
export {
  explainRequest,
  type ExplainedRequest,
  type ExplainedTarget,
  type RequestToExplain,
} from "./explain-request.js";
export { checkRoutes } from "./check-routes.js";
export type { RouteChanges } from "./routes.js";
export { LISTED_REQUESTS } from "./request-reports.js";
export type {
  ForwardAction,
  GatewayServiceOptions,
  GatewayTls,
  RedirectAction,
  RespondAction,
  RoutedEntry,
  RouteOptions,
  TargetOptions,
} from "./service-options.js";
