import type { PoolMember } from "./pool-member.js";
import { PooledTarget, type TargetChange } from "./pooled-target.js";

/**
 * Why a target gets no requests while others can, the first reason that applies; or `ok`.
 *
 * - `drained`: its weight is 0, so it never gets one
 * - `unavailable`: a tunnel without a client
 * - `down`: it accepts no connections
 * - `circuit_open`, `circuit_half_open`: its circuit breaker is open, or tests it
 * - `unhealthy`: it fails its health checks
 * - `ejected`: its requests have failed, or took much longer than those to other targets
 * - `suspect`: a tunnel whose client may be cut off
 */
export type TargetState =
  | "ok"
  | "drained"
  | "unavailable"
  | "down"
  | "circuit_open"
  | "circuit_half_open"
  | "unhealthy"
  | "ejected"
  | "suspect";

/** A change of a target, for its owner. */
export interface TargetReport {
  /** Undefined: it concerns all routes with this target. */
  readonly route: string | undefined;
  readonly target: string;
  readonly change: TargetChange["kind"] | "up";
  /** Why it is unhealthy or ejected. */
  readonly reason?: string;
  /** Whether all targets of the route are unhealthy now, so that their health checks are ignored. */
  readonly areAllUnhealthy?: boolean;
  /** Whether that is because no connection can be made to any of them. */
  readonly areAllUnreachable?: boolean;
}

export function targetState(member: PoolMember): TargetState {
  const { upstream, suspect, weight } = member;
  if (weight === 0) return "drained";
  if (upstream.unavailable !== undefined) return "unavailable";
  if (upstream.down === true) return "down";
  if (member instanceof PooledTarget) {
    const { breaker } = member.state;
    if (breaker !== undefined && breaker.state !== "closed") return `circuit_${breaker.state}`;
    if (member.isUnhealthy) return "unhealthy";
    if (member.isEjected) return "ejected";
  }
  return suspect ? "suspect" : "ok";
}
