import type { ResetReason } from "@postern/net";
import type { UpstreamRoute } from "../route.js";
import { retrySafely, SUSPECT } from "../upstream/attempt.js";
import type { Attempts } from "./attempts.js";
import type { RequestSide } from "./request-side.js";

/** How a request is sent once more. */
export interface Resending {
  /** The parts of its body that were sent before. */
  readonly sent: readonly Buffer[];
  /** To another target of its pool. Otherwise it is routed again. */
  readonly isElsewhere: boolean;
}

/**
 * Decides whether a request is sent once more after `reason`: to another target of its pool, or, if its stream broke
 * and the route's policy is to repeat it, on the route that it has now. @returns undefined if it is not.
 */
export function resending(
  route: UpstreamRoute,
  attempts: Attempts,
  requestSide: RequestSide,
  reason: ResetReason,
  now: number,
): Resending | undefined {
  const { sent, isIdempotent } = requestSide;
  if (sent !== undefined && attempts.failsOver(route, reason, isIdempotent, now)) return { sent, isElsewhere: true };
  if (reason === SUSPECT || attempts.isAnswered) return undefined;
  const taken = requestSide.takeSent(reason, route.retry ?? retrySafely);
  return taken && { sent: taken, isElsewhere: false };
}
