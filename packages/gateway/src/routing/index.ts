export { pathEdit, type PathEditOptions } from "./path-edit.js";
export { redirectLocation } from "./redirect-location.js";
export { RouteFinding, type RouteFault } from "./route-finding.js";
export type { RoutedRequest, RouteMatch } from "./route-match.js";
export { RouteTable, type RouteRule } from "./route-table.js";
