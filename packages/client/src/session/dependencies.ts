import { SYSTEM_CLOCK, type Clock } from "../clock.js";
import type { LocalAddress } from "../local/local-address.js";
import { localEnd, type Local } from "../local/local-end.js";
import { reachLocal } from "../local/reach-local.js";
import type { ConnectOptions } from "../options.js";
import { login, type LoginOptions } from "../server-connection/login.js";
import { checkServer } from "../server-connection/server-check.js";
import { networkMonitor, type NetworkMonitor } from "../reconnection/network-monitor.js";
import type { TunnelEvents } from "../tunnel-events.js";
import { TunnelSession, type SessionOwner } from "./tunnel-session.js";

/** The part of a TunnelSession that its owner uses. */
export type OpenSession = Pick<
  TunnelSession,
  "bind" | "checkAlive" | "close" | "dataPlane" | "drain" | "refresh" | "watchDataPlane"
>;

/** How to reach a server. */
export type ServerAccess = Pick<ConnectOptions, "server" | "tls" | "proxy">;

/** The environment of a tunnel, which tests replace. */
export interface Dependencies {
  /**
   * Logs in. `lifetime`: how long the credential is valid, in milliseconds. `features`: those in force. @throws
   * TunnelError as `login`.
   */
  connect: (
    options: LoginOptions,
    local: Local,
    owner: SessionOwner,
    events: TunnelEvents,
  ) => Promise<{ session: OpenSession; lifetime: number | undefined; features: readonly string[] }>;
  /** Whether a server accepts new sessions, according to its health page. */
  isUp: (server: ServerAccess) => Promise<boolean>;
  /** Connects to the local service, and closes the connection. @throws Error. */
  reachLocal: (local: LocalAddress, signal: AbortSignal) => Promise<void>;
  clock: Clock;
  /** Milliseconds of a monotonic clock. */
  uptime: () => number;
  network: Pick<NetworkMonitor, "listen">;
}

/** Timeout of a health check, in milliseconds. */
const HEALTH_TIMEOUT = 10_000;

export const SYSTEM_DEPENDENCIES: Dependencies = {
  async connect(options, local, owner, events) {
    const { session, welcome } = await login(options);
    const { features, expires_in_ms: lifetime } = welcome;
    return { session: new TunnelSession(session, localEnd(local, features), owner, events), lifetime, features };
  },
  isUp: async (access) => (await checkServer({ ...access, connectionTimeout: HEALTH_TIMEOUT })).status < 500,
  reachLocal,
  clock: SYSTEM_CLOCK,
  uptime: () => performance.now(),
  network: networkMonitor,
};
