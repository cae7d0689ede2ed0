import { TokenError } from "@postern/gateway";
import { TunnelError } from "@postern/protocol";

const CODES = {
  refused: "PN_AUTH_REFUSED",
  expired: "PN_AUTH_EXPIRED",
  unavailable: "PN_AUTH_UNAVAILABLE",
} as const;

/** The error for the client whose token was not accepted; other errors stay as they are. */
export function tokenRefusal(error: unknown): unknown {
  if (!(error instanceof TokenError)) return error;
  const { kind, message, retryAfter } = error;
  return kind === "expired" ? new TunnelError(CODES.expired) : new TunnelError(CODES[kind], message, retryAfter);
}
