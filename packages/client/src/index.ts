import "./node-version.js";
import type { ConnectOptions, TunnelHandle } from "./options.js";
import { Tunnel } from "./tunnel.js";

export type { ClientTls } from "@postern/net";
export type { InProcessService } from "./local/in-process-service.js";
export type { LocalTls } from "./local/local-address.js";
export {
  TunnelError,
  type ForwardAuthPolicy,
  type JwtPolicy,
  type Policies,
  type RateLimitPolicy,
  type ErrorCode,
  type RequestRecord,
  type RequestRepair,
  type RequestTotals,
} from "@postern/protocol";
export type { ConnectOptions, ReconnectionOptions, TokenRefreshOptions, TunnelHandle } from "./options.js";
export type { DataPlaneState } from "./probe/data-plane.js";
export { proxyFor } from "./server-connection/proxy-choice.js";
export { checkLogin, type LoginCheck } from "./session/check-login.js";
export type { ConnectionState } from "./session/connection-state.js";
export type {
  ConfigSummary,
  EndpointReport,
  HealthReport,
  LastError,
  MetricsReport,
  StatusEvent,
} from "./status/status-document.js";
export type { LocalState } from "./local/local-monitor.js";
export type {
  StatusChange,
  TokenChange,
  TunnelEvent,
  TunnelEventData,
  TunnelEventOf,
  TunnelEventType,
} from "./tunnel-event.js";

/**
 * Opens a tunnel to a local service through a Postern server, and keeps it open until `close()`.
 *
 *     const tunnel = await connect({ server: "https://tunnel.example.com", apiKey, local: 3000 });
 *     console.log(tunnel.url);
 *
 * @returns the tunnel, once it is open.
 * @throws TypeError when an option cannot be parsed, or there is not exactly one credential; TunnelError with its
 * `code` when the tunnel cannot be opened and no retry can change that.
 */
export async function connect(options: ConnectOptions): Promise<TunnelHandle> {
  const tunnel = new Tunnel(options);
  await tunnel.open();
  return tunnel;
}
