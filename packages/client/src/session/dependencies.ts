import { SYSTEM_CLOCK, type Clock } from "../clock.js";
import { login, type LoginOptions } from "../server-way/login.js";
import type { ConnectOptions } from "../options.js";
import { reachServer } from "../server-way/server-check.js";
import { surroundings, type Surroundings } from "./network-monitor.js";
import type { Target } from "../local/local-address.js";
import { TunnelSession, type TunnelSessionEvents } from "./tunnel-session.js";

/** A session that carries a tunnel, as far as whoever keeps it needs to know it. */
export type KeptSession = Pick<
  TunnelSession,
  "bind" | "close" | "dataPlane" | "drain" | "prove" | "refresh" | "watchDataPlane"
>;

/** A server, and how it is reached. */
export type ServerWay = Pick<ConnectOptions, "server" | "tls" | "proxy">;

/** What a tunnel is kept open with: the real things, or a test's. */
export interface Means {
  /** Logs in. @throws TunnelError as `login`. */
  connect: (
    options: LoginOptions,
    target: Target,
    events: TunnelSessionEvents,
  ) => Promise<{ session: KeptSession; lifetime: number | undefined }>;
  /** Whether a server takes new sessions, as far as its health tells. */
  isUp: (server: ServerWay) => Promise<boolean>;
  clock: Clock;
  /** Milliseconds of a clock that is never set. */
  uptime: () => number;
  surroundings: Pick<Surroundings, "listen">;
}

/** How long a server may take to say how it is, in milliseconds. */
const HEALTH_TIMEOUT = 10_000;

export const REAL_MEANS: Means = {
  async connect(options, target, events) {
    const { session, welcome } = await login(options);
    return { session: new TunnelSession(session, target, events), lifetime: welcome.expires_in_ms };
  },
  isUp: async (way) => (await reachServer({ ...way, connectionTimeout: HEALTH_TIMEOUT })).status < 500,
  clock: SYSTEM_CLOCK,
  uptime: () => performance.now(),
  surroundings,
};
