import type { LocalState } from "../local/local-monitor.js";
import type { DataPlaneState } from "../probe/data-plane.js";
import type { ConnectionState } from "../session/connection-state.js";

/** Everything that the score of an endpoint depends on. */
export interface HealthFacts {
  state: ConnectionState;
  /** Retries in a row since it was connected. */
  retries: number;
  /** How often the connection was lost in the last ten minutes. */
  drops: number;
  /** Average of the last heartbeats in milliseconds; undefined before the first. */
  pingLatency: number | undefined;
  dataPlane: DataPlaneState;
  local: LocalState;
  /** Whether the local service was unreachable at some time in the last minute. */
  localFailedLately: boolean;
}

/** Points out of 100. */
export const HEALTH = {
  /** While connecting. Less than any connection that is not failing. */
  connecting: 30,
  retry: 3,
  drop: 10,
  maxDrops: 20,
  /** One point per `latencyStep` beyond `latencyFree`, in milliseconds. */
  latencyFree: 100,
  latencyStep: 50,
  maxLatency: 15,
  localLately: 20,
  unknown: 5,
  /** While the data plane fails, and while the local service is unreachable. */
  failing: 60,
} as const;

/** How long a drop lowers the score, in milliseconds. */
export const DROP_MEMORY = 600_000;
/** How long an unreachable local service lowers the score, in milliseconds. */
export const LOCAL_MEMORY = 60_000;

/**
 * The health of an endpoint, as a whole number from 0 to 100.
 *
 *     failed, disconnected, draining              0
 *     connecting, authenticating, reconnecting    30, less 3 for each retry in a row
 *     connected                                   100, less
 *         10 for each drop in the last ten minutes (at most 20),
 *         1 for each 50 ms of heartbeat latency beyond 100 ms (at most 15),
 *         60 while the local service is unreachable, or 20 if it was in the last minute,
 *         5 while the data plane is unknown, 60 while it is failing.
 *
 * A fact that gets worse never raises the score. A connected endpoint whose data plane and local service are not
 * failing has at least 40: more than any endpoint that is not connected.
 */
export function healthScore(facts: HealthFacts): number {
  return Math.max(0, Math.round(points(facts)));
}

function points(facts: HealthFacts): number {
  const { state, retries, drops, pingLatency, dataPlane, local, localFailedLately } = facts;
  switch (state) {
    case "failed":
    case "disconnected":
    case "draining":
      return 0;
    case "connecting":
    case "authenticating":
    case "reconnecting":
      return HEALTH.connecting - HEALTH.retry * retries;
    case "connected": {
      const late = Math.max(0, (pingLatency ?? 0) - HEALTH.latencyFree) / HEALTH.latencyStep;
      return (
        100 -
        Math.min(HEALTH.maxDrops, HEALTH.drop * drops) -
        Math.min(HEALTH.maxLatency, Math.floor(late)) -
        (local === "failing" ? HEALTH.failing : localFailedLately ? HEALTH.localLately : 0) -
        { ok: 0, unknown: HEALTH.unknown, failing: HEALTH.failing }[dataPlane]
      );
    }
  }
}
