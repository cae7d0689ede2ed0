import type { ServerOptions } from "@postern/server";
import { tracingOptions } from "../access-log/tracing-options.js";
import type { Settings } from "../settings/configuration.js";
import { serverTls } from "../credentials/server-certificates.js";
import type { ServerCredentials } from "../credentials/server-credentials.js";
import { isLoopbackAddress } from "../settings/listen-address.js";

/** The options of `[tunnel.server]` for `startServer`, except the logs. */
export function serverOptions(
  settings: Settings,
  { keys, tokens, certificates, policies }: ServerCredentials,
): Omit<ServerOptions, "log" | "requestLog"> {
  const { server } = settings.loaded.values.tunnel;
  const { listen, base_domain: domain, public_url: publicUrl, security, limits, network, balancing } = server;
  const { may_join: mayJoin, strategy, allowed_strategies: groupStrategies, sticky_sessions: sticky } = balancing;
  const { enabled, health_endpoint, collect_metrics, metrics_endpoint, metrics_token } = server.monitoring;
  const tls = serverTls(settings, certificates);
  return {
    listen,
    domain,
    ...(publicUrl === undefined ? {} : { publicUrl }),
    ...(tls === undefined ? {} : { tls }),
    apiKeys: keys.keys,
    ...(tokens && { tokens }),
    health: enabled && health_endpoint,
    ...(enabled && collect_metrics ? { metrics: { path: metrics_endpoint, token: metrics_token } } : {}),
    logTunnelEvents: server.monitoring.log_tunnel_events,
    logStatus: server.monitoring.log_server_status,
    trustedProxies: server.trusted_proxies,
    trustedProxyFields: server.trusted_proxy_fields,
    via: server.via,
    tracing: tracingOptions(settings),
    parentDomainCookies: server.parent_domain_cookies,
    maxRequestSize: security.max_request_size,
    requestTimeout: security.request_timeout,
    headTimeout: limits.head_timeout ?? security.connection_timeout,
    idleTimeout: security.idle_timeout,
    blockSuspiciousPaths: security.block_suspicious_patterns,
    tcpKeepAlive: network.tcp_keepalive ? network.tcp_keepalive_idle : 0,
    headBytes: limits.head_bytes,
    headFields: limits.head_fields,
    bodyTimeout: limits.body_timeout,
    minBodyRate: limits.min_body_rate,
    stallTimeout: limits.stall_timeout,
    streamsPerSession: limits.streams_per_session,
    replayBody: limits.replay_body,
    interimResponses: limits.interim_responses,
    names: {
      ...(server.reserved_subdomains === undefined ? {} : { reserved: server.reserved_subdomains }),
      shortest: security.min_subdomain_length,
      longest: security.max_subdomain_length,
    },
    groups: { strategy, ...(sticky === "off" ? {} : { sticky }) },
    mayJoin,
    groupStrategies,
    policies: policies.policies,
    ...(policies.provider && { oidc: policies.provider }),
    maxTunnels: server.max_tunnels,
    requestRecords: server.limits.request_records,
    ...tunnelLimits(server.rate_limit),
    owners: {
      sessions: limits.max_sessions,
      names: limits.max_names,
      bindRate: limits.bind_rate,
    },
  };
}

/** The limits of `[tunnel.server.rate_limit]`. */
function tunnelLimits({
  enabled,
  requests_per_minute: requestsPerMinute,
  burst_allowance: allowance,
  window_seconds: window,
  max_connections_per_tunnel: concurrent,
  max_bandwidth_per_tunnel: tunnelBandwidth,
}: Settings["loaded"]["values"]["tunnel"]["server"]["rate_limit"]): Pick<
  ServerOptions,
  "tunnelRate" | "tunnelBandwidth"
> {
  if (!enabled) return {};
  const burst = Math.max(1, Math.floor((requestsPerMinute * window) / 60_000)) + allowance;
  return { tunnelRate: { requestsPerMinute, window, burst, concurrent }, tunnelBandwidth };
}

/** Warnings about a server that other machines can reach. */
export function exposureWarnings(settings: Settings): string[] {
  const { listen, base_domain: domain, ssl } = settings.loaded.values.tunnel.server;
  if (isLoopbackAddress(listen)) return [];
  const warnings = ssl.enabled
    ? []
    : [
        `${listen} accepts plain HTTP from the network, which exposes API keys: enable [tunnel.server.ssl], or run a TLS proxy in front of it`,
      ];
  if (domain === "localhost")
    warnings.push("the base domain is localhost, which other machines resolve to themselves: set --domain");
  return warnings;
}
