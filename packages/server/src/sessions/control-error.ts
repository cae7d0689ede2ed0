import { ERRORS, FEATURES, isLimitCode, type ControlError, type ErrorCode } from "@postern/protocol";

/** The request that an error is about. Without one, it concerns the session. */
export interface ErrorAbout {
  readonly bind?: number;
  readonly check?: number;
  readonly refresh?: number;
  /** Milliseconds after which the client may try again. */
  readonly retryAfter?: number | undefined;
}

/** The `error` message with `code`. @param features those in force: a client may know the code under an older one. */
export function controlError(
  code: ErrorCode,
  { retryAfter, ...about }: ErrorAbout,
  features: readonly string[],
): ControlError {
  const { message, retryable } = ERRORS[code];
  const isUnknown = isLimitCode(code) && !features.includes(FEATURES.limitCodes);
  const hint = retryAfter === undefined ? {} : { retry_after_ms: retryAfter };
  return { type: "error", code: isUnknown ? "PN_TUNNEL_LIMIT" : code, message, retryable, ...hint, ...about };
}
