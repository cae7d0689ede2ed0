export { orderDifferences, type OrderDifference } from "./order-differences.js";
export type { ExampleRequest } from "./example-request.js";
export { pathEdit, type PathEditOptions } from "./path-edit.js";
export { redirectLocation } from "./redirect-location.js";
export type { PathAmbiguity, RouteCandidate, RouteExplanation, RouteMismatch } from "./route-explanation.js";
export { RouteFinding, type RouteFault } from "./route-finding.js";
export type { RoutedRequest, RouteMatch } from "./route-match.js";
export { RouteTable, type RouteRule } from "./route-table.js";
