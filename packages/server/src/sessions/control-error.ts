import { ERRORS, isLimitCode, type ControlError, type ErrorCode } from "@postern/protocol";

/** The request that an error refers to. Without one, the error refers to the session. */
export interface ErrorAbout {
  readonly bind?: number;
  readonly check?: number;
  readonly refresh?: number;
  /** More about this case, for people. */
  readonly detail?: string | undefined;
  /** Milliseconds until the client may retry. */
  readonly retryAfter?: number | undefined;
}

/**
 * Creates the `error` message with `code`.
 * @param knowsLimitCodes whether the client knows the codes of limits; otherwise it gets an older one instead
 */
export function controlError(
  code: ErrorCode,
  { retryAfter, detail, ...about }: ErrorAbout,
  knowsLimitCodes: boolean,
): ControlError {
  const { message, retryable } = ERRORS[code];
  const isUnknown = isLimitCode(code) && !knowsLimitCodes;
  const more = {
    ...(detail === undefined ? {} : { detail }),
    ...(retryAfter === undefined ? {} : { retry_after_ms: retryAfter }),
  };
  return { type: "error", code: isUnknown ? "PN_TUNNEL_LIMIT" : code, message, retryable, ...more, ...about };
}
