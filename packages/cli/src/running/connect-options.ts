import type { ConnectOptions } from "@postern/client";
import type { Configuration, EndpointConfiguration } from "@postern/config";

/** The options for `connect`, except the server, the credential and the local service. */
export function connectionOptions(
  endpoint: EndpointConfiguration,
  { auth, monitoring, reconnection }: Configuration["tunnel"],
): Omit<ConnectOptions, "server" | "apiKey" | "token" | "tokenRefresh" | "local"> {
  const { subdomain, host_header, connection_timeout, keepalive_interval, max_connections } = endpoint;
  const { fallback_urls, connections, offline_status, group, weight, strategy } = endpoint;
  return {
    ...(subdomain === undefined ? {} : { subdomain }),
    ...(host_header === undefined ? {} : { hostHeader: host_header }),
    headers: { ...auth.headers, ...endpoint.auth.headers },
    connectionTimeout: connection_timeout,
    keepaliveInterval: keepalive_interval,
    maxConnections: max_connections,
    fallbacks: fallback_urls,
    connections,
    // 503 is the default of every server.
    ...(offline_status === 404 ? { offlineStatus: 404 } : {}),
    ...(group ? { join: true, weight, ...(strategy === undefined ? {} : { strategy }) } : {}),
    healthInterval: monitoring.health_interval,
    reconnection: {
      enabled: reconnection.enabled,
      initialDelay: reconnection.initial_delay,
      maxDelay: Math.max(reconnection.max_delay, reconnection.initial_delay),
      backoffMultiplier: reconnection.backoff_multiplier,
      maxAttempts: reconnection.max_attempts,
      jitterFactor: reconnection.jitter_factor,
    },
  };
}
