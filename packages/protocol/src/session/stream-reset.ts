import type { ErrorCode } from "../errors.js";

/**
 * The cause of a break: `refused`, the client could not connect to the local service; `timeout`, connecting to it
 * timed out; `untrusted`, the client does not trust its certificate; `scheme`, only one of target and service uses
 * TLS; `gone`, the session is lost or closing, or the tunnel is not bound; `full`, the client accepts no more streams;
 * `broken`, anything else, for instance a reset by the local service.
 */
export type BreakCause = "refused" | "timeout" | "untrusted" | "scheme" | "gone" | "full" | "broken";

/** Why a stream broke. */
export interface StreamReset {
  code: ErrorCode;
  cause: BreakCause;
  /**
   * Bytes from this side that the peer passed to its local service; -1 when the session broke and the count is unknown.
   */
  delivered: number;
}

/** @param delivered as in StreamReset. */
export function streamReset(code: ErrorCode, delivered: number): StreamReset {
  return { code, cause: causeOf(code), delivered };
}

function causeOf(code: ErrorCode): BreakCause {
  switch (code) {
    case "PN_DIAL_REFUSED":
    case "PN_DIAL_FAILED":
      return "refused";
    case "PN_DIAL_TIMEOUT":
      return "timeout";
    case "PN_DIAL_UNTRUSTED":
      return "untrusted";
    case "PN_DIAL_SCHEME":
      return "scheme";
    case "PN_SESSION_LOST":
    case "PN_DRAINING":
    case "PN_TUNNEL_UNBOUND":
      return "gone";
    case "PN_STREAM_LIMIT":
      return "full";
    default:
      return "broken";
  }
}
