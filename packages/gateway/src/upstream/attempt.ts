import type { BreakCause, ResetReason } from "@postern/net";

/**
 * How an attempt to send a request to a target ended: its stream broke (`refused`, `timeout`, `gone`, `full`,
 * `broken`), the response was not valid HTTP (`invalid`), the response was complete (`status`), or the visitor left or
 * its request was refused during the attempt (`aborted`). `timeout` also means that the target was reached and did not
 * respond in time.
 */
export type AttemptOutcome = BreakCause | "invalid" | "status" | "aborted";

/** An attempt whose stream broke before the final head of a response had arrived. */
export interface BrokenAttempt {
  readonly reason: ResetReason;
  /** Whether the method may be repeated (RFC 9110, section 9.2.2) and the request is not an upgrade. */
  readonly isIdempotent: boolean;
  /** Whether it used a stream that had been idle. */
  readonly onIdleStream: boolean;
}

/** Why a request is moved away from a target that may be cut off, although its stream is not broken. */
export const SUSPECT: ResetReason = { cause: "gone", delivered: -1 };

/**
 * Decides whether a request is sent once more. It is called only if all sent parts of the request are still available.
 */
export type RetryPolicy = (attempt: BrokenAttempt) => boolean;

/** Causes that would also make another attempt fail. */
const UNREACHABLE: ReadonlySet<BreakCause> = new Set(["refused", "timeout", "untrusted", "scheme"]);

/**
 * Retries a request if nothing of it was delivered, or if it is idempotent and probably did not cause the break: it was
 * sent on an idle stream, which the origin may have closed in the meantime, or the session was lost with all its
 * streams. Never retries when the service could not be reached.
 */
export const retrySafely: RetryPolicy = ({ reason, isIdempotent, onIdleStream }) => {
  const { cause, delivered } = reason;
  if (UNREACHABLE.has(cause)) return false;
  return delivered === 0 || (isIdempotent && (onIdleStream || cause === "gone"));
};
