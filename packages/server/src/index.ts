import type { Server, ServerOptions } from "./options.js";
import { TunnelServer, type ListenAddress } from "./server.js";

export { frontDeskRefusals } from "./base-domain/refusals.js";
export { SERVER_LIMITS } from "./limits.js";
export { LATENCY_BOUNDS, SERVER_METRICS } from "./metrics/metrics.js";
export type { ApiKey, MetricsOptions, Server, ServerOptions, ServerTls } from "./options.js";
export { STATUS_INTERVAL } from "./metrics/status-log.js";
export { TLS_LIMITS } from "./listen/tls-listener.js";
export type { IntrospectionOptions } from "./login/introspection.js";
export { pemKey } from "./login/token-key.js";
export type { TokenOptions } from "./login/tokens.js";

/**
 * Starts the public tunnel server.
 * @throws Error with a system `code` (EADDRINUSE, EACCES …) when it cannot listen; RangeError when nobody could log in, or a key of tokens is none.
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { apiKeys = [], tokens, tls } = options;
  if (apiKeys.length === 0 && tokens === undefined && tls?.clientAuthority === undefined)
    throw new RangeError("The server needs at least one API key, tokens, or an authority of certificates.");
  const address = parseListen(options.listen ?? "127.0.0.1:8080");
  const secure = options.tls?.listen === undefined ? undefined : parseListen(options.tls.listen);
  const server = new TunnelServer(options);
  await server.listen(address, secure);
  return server;
}

/** @throws RangeError that says what is allowed. */
function parseListen(listen: string): ListenAddress {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]*)):(\d{1,5})$/i.exec(listen);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new RangeError(
      `${JSON.stringify(listen)} is no address to listen on. Use host:port, for instance 0.0.0.0:8080 or [::]:8080.`,
    );
  }
  return { host: match[1] ?? (match[2] || "0.0.0.0"), port };
}
