import type { DataPlaneState } from "../probe/data-plane.js";
import type { ConnectionState } from "../session/connection-state.js";

/** What the score of an endpoint is made of, and nothing else. */
export interface HealthFacts {
  state: ConnectionState;
  /** Retries in a row since it was connected. */
  retries: number;
  /** Times that the connection broke in the last ten minutes. */
  drops: number;
  /** Average of the last heartbeats in milliseconds; undefined before the first. */
  pingLatency: number | undefined;
  dataPlane: DataPlaneState;
  /** Whether the local service could not be reached at some time in the last minute. */
  localFailing: boolean;
}

/** Points, of 100. */
export const HEALTH = {
  /** Without a connection, but on the way to one. Always less than a connection that works, however badly. */
  connecting: 30,
  retry: 3,
  drop: 10,
  mostDrops: 20,
  /** One point for every `latencyStep` beyond `latencyFree`, in milliseconds. */
  latencyFree: 100,
  latencyStep: 50,
  mostLatency: 15,
  local: 20,
  unknown: 5,
  failing: 60,
} as const;

/** For how long a drop counts, in milliseconds. */
export const DROP_MEMORY = 600_000;
/** For how long it counts that the local service was not there, in milliseconds. */
export const LOCAL_MEMORY = 60_000;

/**
 * How well an endpoint is, as a whole number from 0 to 100.
 *
 *     failed, disconnected, draining              0
 *     connecting, authenticating, reconnecting    30, less 3 for each retry in a row
 *     connected                                   100, less
 *         10 for each drop of the last ten minutes (at most 20),
 *         1 for each 50 ms of heartbeat beyond 100 ms (at most 15),
 *         20 if the local service could not be reached in the last minute,
 *         5 while it is not known whether visitors come through, 60 when they do not.
 *
 * The same facts give the same score, and no fact that gets worse ever raises it. A connection that is not known to fail has at least 40:
 * more than any endpoint without one.
 */
export function healthScore(facts: HealthFacts): number {
  return Math.max(0, Math.round(points(facts)));
}

function points({ state, retries, drops, pingLatency, dataPlane, localFailing }: HealthFacts): number {
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
        Math.min(HEALTH.mostDrops, HEALTH.drop * drops) -
        Math.min(HEALTH.mostLatency, Math.floor(late)) -
        (localFailing ? HEALTH.local : 0) -
        { ok: 0, unknown: HEALTH.unknown, failing: HEALTH.failing }[dataPlane]
      );
    }
  }
}
