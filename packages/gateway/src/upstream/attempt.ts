import type { BreakCause, ResetReason } from "@postern/net";

/**
 * How an attempt to have a request answered by a target ended: with the break of its stream (`refused`, `timeout`,
 * `gone`, `full`, `broken`), with a response that is not valid HTTP, with a whole response (`status`), or because the
 * visitor left or its request was refused halfway (`aborted`). `timeout` is also the outcome where the target was
 * reached and did not answer in time.
 */
export type AttemptOutcome = BreakCause | "invalid" | "status" | "aborted";

/** Observes attempts. `status` is that of the response; 0 while no head of one has come. */
export interface AttemptObserver {
  onAttempt(outcome: AttemptOutcome, status: number): void;
}

/** An attempt whose stream broke before anything of a response came. */
export interface BrokenAttempt {
  readonly reason: ResetReason;
  /** The method may be repeated (RFC 9110, section 9.2.2), and nothing is upgraded. */
  readonly isIdempotent: boolean;
  /** It went on a stream that had been idle. */
  readonly onIdleStream: boolean;
}

/**
 * Decides whether a request is sent once more. It is called only when all that was sent of the request is still known.
 */
export type RetryPolicy = (attempt: BrokenAttempt) => boolean;

/**
 * Retries a request of which nothing was delivered, and an idempotent one whose break is not its own fault: an idle
 * stream may have been closed by the origin meanwhile, and a lost session takes every stream along. A service that
 * refuses connections is not tried twice.
 */
export const retrySafely: RetryPolicy = ({ reason, isIdempotent, onIdleStream }) => {
  const { cause, delivered } = reason;
  if (cause === "refused" || cause === "timeout") return false;
  return delivered === 0 || (isIdempotent && (onIdleStream || cause === "gone"));
};
