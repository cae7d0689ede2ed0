import { DEFAULT_LIMITS } from "@postern/protocol/constants";
import { reconnectionOptions } from "../reconnection/backoff.js";
import type { ConnectOptions } from "../options.js";
import { parseServerAddress } from "../server-connection/server-address.js";
import type { ConfigSummary } from "./status-document.js";

/** The options without secrets: credentials and headers are omitted. @throws TypeError as `connect`. */
export function configSummary(options: ConnectOptions): ConfigSummary {
  const { reconnection, connectionTimeout, keepaliveInterval, maxConnections } = options;
  const { enabled, initialDelay, maxDelay, maxAttempts } = reconnectionOptions(reconnection);
  return {
    server: originOf(options.server),
    fallback_servers: (options.fallbacks ?? []).map(originOf),
    sessions: options.connections ?? 1,
    local: localName(options.local),
    subdomain: options.subdomain ?? null,
    host_header: options.hostHeader ?? null,
    group_weight: options.join === true ? (options.weight ?? 1) : null,
    auth_method: authMethod(options),
    connection_timeout_ms: connectionTimeout ?? 30_000,
    keepalive_interval_ms: Math.min(keepaliveInterval ?? Infinity, DEFAULT_LIMITS.heartbeat),
    max_connections: maxConnections ?? DEFAULT_LIMITS.streams,
    reconnection: {
      enabled,
      initial_delay_ms: initialDelay,
      max_delay_ms: maxDelay,
      max_attempts: maxAttempts,
    },
  };
}

/** The name of the local service in events and status. */
export function localName(local: ConnectOptions["local"]): string {
  return typeof local === "object" ? local.name : String(local);
}

/** The origin with `http` or `https`, as browsers show it. */
function originOf(server: string): string {
  return parseServerAddress(server).origin.replace(/^ws/, "http");
}

function authMethod({ apiKey, token, tokenRefresh }: ConnectOptions): ConfigSummary["auth_method"] {
  if (apiKey !== undefined) return "api_key";
  return token !== undefined || tokenRefresh !== undefined ? "token" : "certificate";
}
