import type { RouteConfiguration } from "@postern/config";
import type { ForwardAction } from "@postern/gateway/service";

type Health = NonNullable<ForwardAction["health"]>;

/**
 * How requests decide whether a target of a route is used; nothing if they do not.
 * @param hasBreaker whether the route has a table for its circuit breaker
 */
export function healthOf(route: RouteConfiguration, hasBreaker: boolean): { health?: Health } {
  const { passive_health: passive, circuit_breaker: breaker, targets, resolve } = route;
  const isPlural = targets.length > 1 || resolve === "all";
  const health = {
    ...(passive.enabled && isPlural
      ? { ejection: { failures: passive.consecutive_failures, time: passive.ejection_time } }
      : {}),
    ...(hasBreaker && breaker.enabled ? { breaker: breakerOf(breaker) } : {}),
  };
  return Object.keys(health).length === 0 ? {} : { health };
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
