import type { ConnectOptions, TunnelHandle } from "./options.js";
import { Tunnel } from "./tunnel.js";

export { checkLogin, type LoginCheck } from "./session/check-login.js";
export { TunnelError, type RequestRecord } from "@postern/protocol";
export type { ClientTls } from "@postern/net";
export { dialThrough } from "./server-way/dial-through.js";
export type { DataPlaneState } from "./probe/data-plane.js";
export type { ConnectionState } from "./session/connection-state.js";
export type {
  ConnectOptions,
  ReconnectionOptions,
  TokenRefreshOptions,
  TunnelEvent,
  TunnelEventType,
  TunnelHandle,
} from "./options.js";
export { proxyTo } from "./server-way/proxy-address.js";
export { proxyFor } from "./server-way/proxy-choice.js";
export { PROXY_LIMITS } from "./server-way/proxy-tunnel.js";
export { reachLocal, reachServer, type ServerReach } from "./server-way/server-check.js";
export { parseServerAddress } from "./server-way/server-address.js";
export * from "./status/index.js";
export { parseTarget } from "./local/local-address.js";
export type { Target } from "./local/local-address.js";

/**
 * Publishes a local service through a Postern server and keeps it published until `close()`.
 *
 *     const tunnel = await connect({ server: "https://tunnel.example.com", apiKey, local: 3000 });
 *     console.log(tunnel.url);
 *
 * @returns the tunnel, once it is open.
 * @throws TypeError when `server`, `local` or `proxy` cannot be understood, or there is not one credential; TunnelError with its `code` when the tunnel fails for good.
 */
export async function connect(options: ConnectOptions): Promise<TunnelHandle> {
  const tunnel = new Tunnel(options);
  await tunnel.open();
  return tunnel;
}
