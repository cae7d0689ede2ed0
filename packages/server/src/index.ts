import { Certificates, parseListenAddress, type ListenAddress } from "@postern/net";
import { ApiKeys } from "./login/api-keys.js";
import { Tokens } from "./login/tokens.js";
import { checkPolicyOptions } from "./policies/tunnel-policies.js";
import type { Server, ServerOptions } from "./options.js";
import { TunnelServer } from "./server.js";

export { baseDomainRefusals } from "./base-domain/refusals.js";
export { SERVER_LIMITS } from "./limits.js";
export type { IntrospectionOptions } from "./login/introspection.js";
export { DEFAULT_RESERVED_NAMES } from "./names/name.js";
export { DEFAULT_OWNER_LIMITS, type OwnerLimits } from "./sessions/owners.js";
export type { TokenOptions } from "./login/tokens.js";
export { LATENCY_BOUNDS, METRIC_LABELS, REST_LABEL, SERVER_METRICS } from "./metrics/declared-metrics.js";
export { DEFAULT_PERMISSIONS, type PolicyOptions } from "./policies/tunnel-policies.js";
export { STATUS_INTERVAL } from "./metrics/status-log.js";
export type { ApiKey, MetricsOptions, Server, ServerOptions, ServerTls } from "./options.js";

/**
 * Starts the public tunnel server.
 * @throws Error with a system `code` (EADDRINUSE, EACCES …) when it cannot listen; RangeError when an option is not
 * valid, or when no credential could ever be accepted.
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { address, secure } = listenersOf(options);
  const server = new TunnelServer(options);
  await server.listen(address, secure);
  return server;
}

/** Checks options without starting anything. @throws as `startServer`, except what only listening shows. */
export function checkServerOptions(options: Omit<ServerOptions, "log" | "requestLog">): void {
  const { apiKeys = [], tokens, tls, policies = {} } = options;
  checkPolicyOptions(policies);
  listenersOf(options);
  void new ApiKeys(apiKeys);
  if (tokens !== undefined) void new Tokens(tokens);
  if (tls !== undefined) void new Certificates(tls.certificates, tls.policy).contextFor(undefined, tls.clientCa);
}

function listenersOf({ listen = "127.0.0.1:8080", apiKeys = [], tokens, tls }: Omit<ServerOptions, "log">): {
  address: ListenAddress;
  secure: ListenAddress | undefined;
} {
  if (apiKeys.length === 0 && tokens === undefined && tls?.clientCa === undefined)
    throw new RangeError("The server needs at least one API key, tokens, or a CA for client certificates.");
  return {
    address: parseListenAddress(listen),
    secure: tls?.listen === undefined ? undefined : parseListenAddress(tls.listen),
  };
}
