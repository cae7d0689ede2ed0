import type { RouteConfiguration } from "@postern/config";
import type { CheckOptions, ForwardAction } from "@postern/gateway/service";

type Health = NonNullable<ForwardAction["health"]>;

/** Whether the file has this table of the route. Without it, there is no circuit breaker and no check. */
export type HasTable = (name: "circuit_breaker" | "http_health" | "websocket_health" | "tcp_health") => boolean;

/** How requests decide whether a target of a route is used; nothing if they do not. */
export function healthOf(route: RouteConfiguration, hasTable: HasTable): { health?: Health } {
  const { passive_health: passive, circuit_breaker: breaker, targets, resolve, slow_start: slowStart } = route;
  const urls = [route.target, ...targets.map(({ url }) => url)];
  // Several clients may serve a tunnel.
  const isPlural = targets.length > 1 || resolve === "all" || urls.some((url) => url?.startsWith("tunnel:") === true);
  const health = {
    ...(passive.enabled && isPlural ? { ejection: ejectionOf(passive) } : {}),
    ...(hasTable("circuit_breaker") && breaker.enabled ? { breaker: breakerOf(breaker) } : {}),
    ...(slowStart > 0 && isPlural ? { slowStart } : {}),
  };
  return Object.keys(health).length === 0 ? {} : { health };
}

function ejectionOf(passive: RouteConfiguration["passive_health"]): NonNullable<Health["ejection"]> {
  const { min_success_ratio: minSuccessRatio, max_latency_ratio: maxLatencyRatio } = passive;
  const ejection = { failures: passive.consecutive_failures, time: passive.ejection_time };
  if (minSuccessRatio === 0 && maxLatencyRatio === 0) return ejection;
  const { window, min_requests: minRequests } = passive;
  return { ...ejection, outliers: { window, minRequests, minSuccessRatio, maxLatencyRatio } };
}

function breakerOf(breaker: RouteConfiguration["circuit_breaker"]): NonNullable<Health["breaker"]> {
  return {
    failures: breaker.failure_threshold,
    window: breaker.failure_window,
    minRequests: breaker.min_requests ?? breaker.failure_threshold,
    ratio: breaker.failure_ratio,
    recovery: breaker.recovery_timeout,
    successes: breaker.success_threshold,
    statuses: breaker.failure_status_codes,
  };
}

/**
 * The health checks of a route; nothing if it has none.
 * @param hostHeader Host of the requests to its targets, if the route sets it
 */
export function checksOf(
  { http_health: http, websocket_health: webSocket, tcp_health: tcp }: RouteConfiguration,
  hasTable: HasTable,
  hostHeader: string | undefined,
): { checks?: CheckOptions[] } {
  const checks: CheckOptions[] = [];
  if (hasTable("http_health") && http.enabled)
    checks.push({
      kind: "http",
      method: http.method,
      path: http.path,
      host: http.host ?? hostHeader,
      statuses: http.expected_status_codes,
      contains: http.expected_body,
      ...timesOf(http),
    });
  if (hasTable("websocket_health") && webSocket.enabled)
    checks.push({
      kind: "websocket",
      path: webSocket.path,
      host: webSocket.host ?? hostHeader,
      message: webSocket.ping_message,
      ...timesOf(webSocket),
    });
  if (hasTable("tcp_health") && tcp.enabled) checks.push({ kind: "tcp", ...timesOf(tcp) });
  return checks.length === 0 ? {} : { checks };
}

function timesOf({
  interval,
  timeout,
  unhealthy_threshold: unhealthyAfter,
  healthy_threshold: healthyAfter,
}: RouteConfiguration["tcp_health"]): Pick<CheckOptions, "interval" | "timeout" | "unhealthyAfter" | "healthyAfter"> {
  return { interval, timeout, unhealthyAfter, healthyAfter };
}
