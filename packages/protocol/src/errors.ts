interface ErrorEntry {
  /** On the wire: RESET, GOAWAY, and 4000 + number as a WebSocket close code. */
  number: number;
  /** Whether trying again later, with nothing changed, can help. The reconnect loop obeys this alone. */
  retryable: boolean;
  /** What happened and what to do, for people. */
  message: string;
}

/** Every error of the tunnel: PROTOCOL.md, section 9. docs/errors.md lists exactly this table. */
export const ERRORS = {
  PN_INTERNAL: {
    number: 1,
    retryable: true,
    message: "Something went wrong inside Postern. The log of the side that reports it says more.",
  },
  PN_PROTOCOL: {
    number: 2,
    retryable: true,
    message: "The other side sent bytes that the protocol does not allow. Run the same version on both sides.",
  },
  PN_FLOW_CONTROL: {
    number: 3,
    retryable: true,
    message: "The other side sent more than its window. Run the same version on both sides.",
  },
  PN_VERSION: {
    number: 4,
    retryable: false,
    message: "Client and server speak no common protocol version. Update the older one.",
  },
  PN_AUTH_REFUSED: {
    number: 5,
    retryable: false,
    message: "The server does not accept this credential. Check it, and that the server's configuration accepts it.",
  },
  PN_LOGIN_TIMEOUT: {
    number: 6,
    retryable: true,
    message: "The login took too long or sent too much. Check the connection between client and server.",
  },
  PN_LOGIN_BUSY: {
    number: 7,
    retryable: true,
    message:
      "The server takes no more logins at the moment: too many of this address come at once, or its memory is short. Wait a moment.",
  },
  PN_HEARTBEAT_LOST: {
    number: 8,
    retryable: true,
    message: "The other side has gone silent. The connection is made anew.",
  },
  PN_DRAINING: { number: 9, retryable: true, message: "The other side is shutting down. Connect again in a moment." },
  PN_SESSION_LOST: {
    number: 10,
    retryable: true,
    message: "The connection between client and server broke. Connect again.",
  },
  PN_SESSION_UNKNOWN: {
    number: 11,
    retryable: true,
    message: "The server does not hold this session any more. Log in anew.",
  },
  PN_CONTROL_UNKNOWN: {
    number: 12,
    retryable: false,
    message: "The other side does not know this control message. Update the older side.",
  },
  PN_UNSUPPORTED: {
    number: 13,
    retryable: false,
    message: "The other side does not offer this. Update it, or do without.",
  },
  PN_SERVER_UNREACHABLE: {
    number: 14,
    retryable: true,
    message: "The server cannot be reached. Check its address, and that it runs.",
  },
  PN_SERVER_REFUSED: {
    number: 15,
    retryable: true,
    message:
      "What answers at this address is no Postern server. Check the address, and that proxies on the way pass WebSockets on.",
  },
  PN_SERVER_UNTRUSTED: {
    number: 16,
    retryable: false,
    message:
      "The server's TLS certificate is not trusted. The reason says what to do; for a private CA set ca_file in [tunnel.ssl].",
  },
  PN_PROXY_UNREACHABLE: {
    number: 17,
    retryable: true,
    message:
      "The HTTP proxy on the way to the server cannot be reached, or does not reach the server. Check the proxy's address, and that it allows the server's.",
  },
  PN_PROXY_REFUSED: {
    number: 18,
    retryable: false,
    message:
      "The HTTP proxy on the way to the server does not let the client in. Put a name and a password that it takes into the proxy's address: http://name:password@….",
  },
  PN_PROXY_UNTRUSTED: {
    number: 19,
    retryable: false,
    message:
      "The TLS certificate of the HTTP proxy is not trusted. The reason says what to do; for a private CA set ca_file in [tunnel.ssl].",
  },
  PN_NAME_INVALID: {
    number: 20,
    retryable: false,
    message: "A name has 1 to 63 of a–z, 0–9 and -, and neither starts nor ends with -. Choose another --subdomain.",
  },
  PN_NAME_RESERVED: {
    number: 21,
    retryable: false,
    message: "This name is reserved on the server. Choose another --subdomain.",
  },
  PN_NAME_TAKEN: {
    number: 22,
    retryable: false,
    message: "This name belongs to somebody else. Choose another --subdomain.",
  },
  PN_NAME_TAKEN_OVER: {
    number: 23,
    retryable: false,
    message:
      "Another client of the same owner now serves this name. Stop one of the two, or give them different names.",
  },
  PN_TUNNEL_LIMIT: {
    number: 24,
    retryable: false,
    message: "A limit of the server does not allow another tunnel. Close unused tunnels, or ask the server's operator.",
  },
  PN_TUNNEL_UNBOUND: {
    number: 25,
    retryable: false,
    message: "The client does not serve the tunnel that this stream is for. Run the same version on both sides.",
  },
  PN_HOST_HEADER: {
    number: 27,
    retryable: false,
    message: "The wished Host header is no valid host name. Give name or name:port, or `rewrite`.",
  },
  PN_CLOSED: {
    number: 26,
    retryable: false,
    message: "The tunnel was closed as was asked for. There is nothing to do.",
  },
  PN_AUTH_EXPIRED: {
    number: 30,
    retryable: false,
    message:
      "The token or certificate has run out. Give the client a new one, or let it refresh tokens: [tunnel.auth.token_refresh].",
  },
  PN_AUTH_UNAVAILABLE: {
    number: 31,
    retryable: true,
    message: "The server cannot check the credential just now. Try again; the server's log says what is missing.",
  },
  PN_NAME_FORBIDDEN: {
    number: 32,
    retryable: false,
    message: "The token does not allow this name. Choose one that it allows, or ask its issuer for the name.",
  },
  PN_REFRESH_FAILED: {
    number: 33,
    retryable: true,
    message: "No new token could be had from refresh_url. It is tried again; check that the address answers.",
  },
  PN_REFRESH_REFUSED: {
    number: 34,
    retryable: false,
    message:
      "The issuer at refresh_url gives no new token for this refresh_token. Get a new refresh token, and configure that.",
  },
  PN_CERTIFICATE_MISSING: {
    number: 35,
    retryable: false,
    message:
      "The client has shown no certificate. Set cert_file and key_file, and dial the server's base domain by https://.",
  },
  PN_CERTIFICATE_UNTRUSTED: {
    number: 36,
    retryable: false,
    message:
      "The server trusts no CA that has signed the client's certificate. Use one of a CA that its operator accepts.",
  },
  PN_CERTIFICATE_REVOKED: {
    number: 37,
    retryable: false,
    message: "The client's certificate was revoked. Get a new one from its CA.",
  },
  PN_CERTIFICATE_EXPIRED: {
    number: 38,
    retryable: false,
    message: "The client's certificate is not valid at this time. Renew it, or correct the clock.",
  },
  PN_DATA_PLANE_LOST: {
    number: 39,
    retryable: true,
    message: "Requests do not come through this session any more, though it lives. The connection is made anew.",
  },
  PN_CANCELLED: {
    number: 40,
    retryable: true,
    message: "The other end gave up before the exchange was complete. Send the request again.",
  },
  PN_STREAM_LIMIT: {
    number: 41,
    retryable: true,
    message: "The client has as many streams open as it allows. Try again in a moment.",
  },
  PN_DIAL_REFUSED: {
    number: 42,
    retryable: true,
    message: "Nothing listens at the client's local address. Start the service, or point the tunnel at its port.",
  },
  PN_DIAL_TIMEOUT: {
    number: 43,
    retryable: true,
    message: "The local service did not accept the connection in time. Check that it is reachable from the client.",
  },
  PN_DIAL_FAILED: {
    number: 44,
    retryable: true,
    message: "The client could not connect to the local service. Check its address, and for https:// its certificate.",
  },
  PN_SESSION_TUNNEL_LIMIT: {
    number: 46,
    retryable: false,
    message: "This session has as many tunnels as the server allows. Close one of them, or open another session.",
  },
  PN_SERVER_TUNNEL_LIMIT: {
    number: 47,
    retryable: false,
    message: "The server serves as many tunnels as it allows (max_tunnels). Try again later, or ask its operator.",
  },
  PN_NAME_SESSION_LIMIT: {
    number: 48,
    retryable: false,
    message: "As many sessions serve this name as the server allows. Close one of them, or choose another --subdomain.",
  },
  PN_OWNER_NAME_LIMIT: {
    number: 49,
    retryable: false,
    message: "You hold as many names as the server allows. Use one of them again, or wait until unused ones are free.",
  },
  PN_LOCAL_RESET: { number: 45, retryable: true, message: "The local service broke the connection. Look at its log." },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;

const CODES = new Map<number, ErrorCode>(
  Object.entries(ERRORS).map(([code, { number }]) => [number, code as ErrorCode]),
);

/** A client without the feature `limit_codes` gets the first in place of the others, with their message: PROTOCOL.md, section 4. */
const LIMIT_CODES = [
  "PN_TUNNEL_LIMIT",
  "PN_SESSION_TUNNEL_LIMIT",
  "PN_SERVER_TUNNEL_LIMIT",
  "PN_NAME_SESSION_LIMIT",
  "PN_OWNER_NAME_LIMIT",
] as const satisfies readonly ErrorCode[];

export type LimitCode = (typeof LIMIT_CODES)[number];

/** Whether `code` says that a server's limit does not allow a tunnel. */
export function isLimitCode(code: ErrorCode): code is LimitCode {
  return (LIMIT_CODES as readonly ErrorCode[]).includes(code);
}

/** The code of a number from the wire; PN_INTERNAL when it is unknown. */
export function errorCode(number: number): ErrorCode {
  return CODES.get(number) ?? "PN_INTERNAL";
}

export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === "string" && Object.hasOwn(ERRORS, code);
}

/** An error of the tunnel with its stable code. */
export class TunnelError extends Error {
  override readonly name = "TunnelError";
  readonly code: ErrorCode;
  readonly retryable: boolean;
  /** The peer's hint when to try again, in milliseconds. */
  readonly retryAfter: number | undefined;

  constructor(code: ErrorCode, detail?: string, retryAfter?: number) {
    super(detail === undefined ? ERRORS[code].message : `${ERRORS[code].message} (${detail})`);
    this.code = code;
    this.retryable = ERRORS[code].retryable;
    this.retryAfter = retryAfter;
  }
}
