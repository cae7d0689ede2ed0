import { login, type LoginOptions } from "./login.js";
import { surroundings, type Surroundings } from "./surroundings.js";
import type { Target } from "./target.js";
import { TunnelSession, type TunnelSessionEvents } from "./tunnel-session.js";

/** A session that carries a tunnel, as far as whoever keeps it needs to know it. */
export type KeptSession = Pick<
  TunnelSession,
  "bind" | "close" | "dataPlane" | "drain" | "prove" | "refresh" | "watchDataPlane"
>;

/** What a tunnel is kept open with: the real things, or a test's. */
export interface Means {
  /** Logs in. @throws TunnelError as `login`. */
  connect: (
    options: LoginOptions,
    target: Target,
    events: TunnelSessionEvents,
  ) => Promise<{ session: KeptSession; lifetime: number | undefined }>;
  /** Milliseconds of a clock that is never set. */
  now: () => number;
  random: () => number;
  /** Calls `task` after so many milliseconds, unless what it returns is called before. */
  setTimer: (task: () => void, milliseconds: number) => () => void;
  surroundings: Pick<Surroundings, "listen">;
}

export const REAL_MEANS: Means = {
  async connect(options, target, events) {
    const { session, welcome } = await login(options);
    return { session: new TunnelSession(session, target, events), lifetime: welcome.expires_in_ms };
  },
  now: () => performance.now(),
  random: () => Math.random(),
  setTimer(task, milliseconds) {
    const timer = setTimeout(task, milliseconds);
    return () => clearTimeout(timer);
  },
  surroundings,
};
