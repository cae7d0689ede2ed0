interface ErrorEntry {
  /** The number in RESET and GOAWAY; 4000 + number is the WebSocket close code. */
  number: number;
  /** Whether the same attempt can succeed later. It alone decides whether the client reconnects. */
  retryable: boolean;
  /** What happened and what to do, for the user. */
  message: string;
}

/** Every error of the tunnel: PROTOCOL.md, section 9. docs/errors.md lists this table. */
export const ERRORS = {
  PN_INTERNAL: {
    number: 1,
    retryable: true,
    message: "Internal error in Postern. The log of the client or server that reports it has the details.",
  },
  PN_PROTOCOL: {
    number: 2,
    retryable: true,
    message: "The peer sent bytes that the protocol does not allow. Run the same version on both sides.",
  },
  PN_FLOW_CONTROL: {
    number: 3,
    retryable: true,
    message: "The peer sent more than its window allows. Run the same version on both sides.",
  },
  PN_VERSION: {
    number: 4,
    retryable: false,
    message: "Client and server have no protocol version in common. Update the older one.",
  },
  PN_AUTH_REFUSED: {
    number: 5,
    retryable: false,
    message: "The server does not accept this credential. Check it, or ask the server's operator.",
  },
  PN_LOGIN_TIMEOUT: {
    number: 6,
    retryable: true,
    message: "The login took too long or sent too much data. Check the connection between client and server.",
  },
  PN_LOGIN_BUSY: {
    number: 7,
    retryable: true,
    message:
      "The server accepts no more logins at the moment: too many logins come from this address at once, or its memory is low. If this continues, ask its operator.",
  },
  PN_HEARTBEAT_LOST: {
    number: 8,
    retryable: true,
    message:
      "The other side of the connection stopped responding. If this happens often, check the network in between.",
  },
  PN_DRAINING: {
    number: 9,
    retryable: true,
    message: "The other side of the connection is shutting down. If it does not come back, ask the server's operator.",
  },
  PN_SESSION_LOST: {
    number: 10,
    retryable: true,
    message: "The connection between client and server broke. If this happens often, check the network in between.",
  },
  PN_SESSION_UNKNOWN: {
    number: 11,
    retryable: true,
    message: "The server no longer has this session. If this happens often, check why the server restarts.",
  },
  PN_CONTROL_UNKNOWN: {
    number: 12,
    retryable: false,
    message: "The peer does not know this control message. Update the older side.",
  },
  PN_UNSUPPORTED: {
    number: 13,
    retryable: false,
    message: "The peer does not support this feature. Update it, or do not use the feature.",
  },
  PN_SERVER_UNREACHABLE: {
    number: 14,
    retryable: true,
    message: "The server cannot be reached. Check its address, and that it is running.",
  },
  PN_SERVER_REFUSED: {
    number: 15,
    retryable: true,
    message:
      "The response at this address is not from a Postern server. Check the address, and that proxies in between forward WebSockets.",
  },
  PN_SERVER_SCHEME: {
    number: 58,
    retryable: true,
    message: "The server's address has the wrong scheme. Use https:// if the server uses TLS, otherwise http://.",
  },
  PN_SERVER_UNTRUSTED: {
    number: 16,
    retryable: false,
    message: "The server's TLS certificate is not trusted. For a private CA, set ca_file in [tunnel.ssl].",
  },
  PN_PROXY_UNREACHABLE: {
    number: 17,
    retryable: true,
    message:
      "The HTTP proxy cannot be reached, or cannot reach the server. Check the proxy's address, and that the proxy allows connections to the server.",
  },
  PN_PROXY_REFUSED: {
    number: 18,
    retryable: false,
    message:
      "The HTTP proxy refused the client. Put a user name and password that it accepts into the proxy's address: http://name:password@….",
  },
  PN_PROXY_UNTRUSTED: {
    number: 19,
    retryable: false,
    message: "The TLS certificate of the HTTP proxy is not trusted. For a private CA, set ca_file in [tunnel.ssl].",
  },
  PN_NAME_INVALID: {
    number: 20,
    retryable: false,
    message:
      "A name consists of 1 to 63 characters a–z, 0–9 and -, and neither starts nor ends with -. Choose another --subdomain.",
  },
  PN_NAME_RESERVED: {
    number: 21,
    retryable: false,
    message: "This name is reserved on the server. Choose another --subdomain.",
  },
  PN_NAME_TAKEN: {
    number: 22,
    retryable: false,
    message: "This name belongs to another owner. Choose another --subdomain.",
  },
  PN_NAME_TAKEN_OVER: {
    number: 23,
    retryable: false,
    message:
      "Another client of the same owner now serves this name. To run both, give them different names, or start all of them with --join to share the requests.",
  },
  PN_TUNNEL_LIMIT: {
    number: 24,
    retryable: false,
    message: "The server refused the tunnel because of a limit. Close unused tunnels, or ask the server's operator.",
  },
  PN_TUNNEL_UNBOUND: {
    number: 25,
    retryable: false,
    message: "The client does not serve the tunnel that this stream is for. Run the same version on both sides.",
  },
  PN_HOST_HEADER: {
    number: 27,
    retryable: false,
    message: "The configured Host header is not a valid host name. Use name, name:port or `rewrite`.",
  },
  PN_CLOSED: {
    number: 26,
    retryable: false,
    message: "Tunnel closed.",
  },
  PN_CONTROL_RATE: {
    number: 28,
    retryable: true,
    message: "The peer sent control messages faster than the protocol allows. Use the same version on both sides.",
  },
  PN_SESSION_MEMORY: {
    number: 29,
    retryable: true,
    message:
      "The server is low on memory, and this session held the most unread data. The client reconnects. If this happens often, ask the server's operator.",
  },
  PN_AUTH_EXPIRED: {
    number: 30,
    retryable: false,
    message:
      "The token or certificate has expired. Configure a new one, or enable token renewal in [tunnel.auth.token_refresh].",
  },
  PN_AUTH_UNAVAILABLE: {
    number: 31,
    retryable: true,
    message: "The server cannot verify the credential at the moment. The server's log has the reason.",
  },
  PN_NAME_FORBIDDEN: {
    number: 32,
    retryable: false,
    message:
      "The token does not allow this name. Choose a name that it allows, or ask its issuer for a token that allows this one.",
  },
  PN_REFRESH_FAILED: {
    number: 33,
    retryable: true,
    message: "Fetching a new token from refresh_url failed. Check that the address responds.",
  },
  PN_REFRESH_REFUSED: {
    number: 34,
    retryable: false,
    message: "The issuer at refresh_url refused this refresh_token. Get a new refresh token and configure it.",
  },
  PN_CERTIFICATE_MISSING: {
    number: 35,
    retryable: false,
    message:
      "The client presented no certificate. Set cert_file and key_file, and connect to the server's base domain over https://.",
  },
  PN_CERTIFICATE_UNTRUSTED: {
    number: 36,
    retryable: false,
    message:
      "The client's certificate is not signed by a CA that the server trusts. Use a certificate of a CA that its operator accepts.",
  },
  PN_CERTIFICATE_REVOKED: {
    number: 37,
    retryable: false,
    message: "The client's certificate was revoked. Get a new one from its CA.",
  },
  PN_CERTIFICATE_EXPIRED: {
    number: 38,
    retryable: false,
    message: "The client's certificate is expired or not valid yet. Renew it, or correct the clock.",
  },
  PN_DATA_PLANE_LOST: {
    number: 39,
    retryable: true,
    message:
      "Requests no longer reach the client through this session, although the session responds to heartbeats. If this happens often, check the proxies in between.",
  },
  PN_CANCELLED: {
    number: 40,
    retryable: true,
    message: "The peer cancelled the request before it was complete. Send the request again.",
  },
  PN_STREAM_LIMIT: {
    number: 41,
    retryable: true,
    message: "The client has reached its limit of open streams. Try again in a moment.",
  },
  PN_DIAL_REFUSED: {
    number: 42,
    retryable: true,
    message: "Nothing listens at the client's local address. Start the service, or change the tunnel's port.",
  },
  PN_DIAL_TIMEOUT: {
    number: 43,
    retryable: true,
    message: "The local service did not accept the connection in time. Check that the client can reach it.",
  },
  PN_DIAL_FAILED: {
    number: 44,
    retryable: true,
    message: "The client could not connect to the local service. Check its address and, for https://, its certificate.",
  },
  PN_DIAL_UNTRUSTED: {
    number: 56,
    retryable: true,
    message:
      "The client does not trust the certificate of the local service. Set local_ca_file, or local_verify = false (--local-insecure).",
  },
  PN_DIAL_SCHEME: {
    number: 57,
    retryable: true,
    message: "The target has the wrong scheme. Use https:// if the local service uses TLS, otherwise http://.",
  },
  PN_SESSION_TUNNEL_LIMIT: {
    number: 46,
    retryable: false,
    message: "This session has reached the server's limit of tunnels. Close one of them, or open another session.",
  },
  PN_SERVER_TUNNEL_LIMIT: {
    number: 47,
    retryable: false,
    message: "The server has reached its limit of tunnels (max_tunnels). Try again later, or ask its operator.",
  },
  PN_NAME_SESSION_LIMIT: {
    number: 48,
    retryable: false,
    message: "This name has reached the server's limit of sessions. Close one of them, or choose another --subdomain.",
  },
  PN_OWNER_NAME_LIMIT: {
    number: 49,
    retryable: false,
    message:
      "You have reached the server's limit of names. Use one of your names again, or wait until unused names are released.",
  },
  PN_OWNER_SESSION_LIMIT: {
    number: 50,
    retryable: true,
    message:
      "You have reached the server's limit of sessions (max_sessions). Stop clients that you do not need, or ask the server's operator.",
  },
  PN_OWNER_BIND_RATE: {
    number: 51,
    retryable: true,
    message:
      "You request tunnels more often than the server allows (bind_rate). If this continues, look for clients that restart in a loop.",
  },
  PN_JOIN_FORBIDDEN: {
    number: 59,
    retryable: false,
    message:
      "This server does not allow several clients to serve a name together (may_join). Start the client without --join, or ask the server's operator.",
  },
  PN_STRATEGY_FORBIDDEN: {
    number: 70,
    retryable: false,
    message:
      "This server does not allow this strategy for groups (allowed_strategies). Start the client with another --strategy or without it, or ask the server's operator.",
  },
  PN_STRATEGY_CONFLICT: {
    number: 71,
    retryable: false,
    message:
      "The other clients of this name use another strategy. Start this client with the same --strategy or without it, or stop the others first.",
  },
  PN_POLICY_SIZE: {
    number: 60,
    retryable: false,
    message:
      "The access policies of the tunnel are larger than 8 KiB. Shorten their lists, or use networks instead of single addresses.",
  },
  PN_POLICY_INVALID: {
    number: 61,
    retryable: false,
    message:
      "An access policy of the tunnel is not valid, so the server does not open the tunnel. The message names the option to correct.",
  },
  PN_POLICY_UNSUPPORTED: {
    number: 62,
    retryable: false,
    message:
      "The server cannot enforce an access policy of the tunnel, so the tunnel was not opened. Ask the server's operator to update the server. Without the policy, everyone can use the tunnel.",
  },
  PN_POLICY_FORBIDDEN: {
    number: 63,
    retryable: false,
    message:
      "The server does not allow this access policy for tunnels. Use another policy, or ask the server's operator to add it to `allow` in [tunnel.server.policies].",
  },
  PN_POLICY_MISMATCH: {
    number: 64,
    retryable: false,
    message:
      "The clients that serve this name have other access policies. Give all clients of a group the same policies, or start this one without --join to replace them.",
  },
  PN_LOCAL_RESET: { number: 45, retryable: true, message: "The local service broke the connection. Check its log." },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;

const CODES = new Map<number, ErrorCode>(
  Object.entries(ERRORS).map(([code, { number }]) => [number, code as ErrorCode]),
);

/**
 * A client without the feature `limit_codes` receives the first code instead of the others, with their message:
 * PROTOCOL.md, section 4.
 */
const LIMIT_CODES = [
  "PN_TUNNEL_LIMIT",
  "PN_SESSION_TUNNEL_LIMIT",
  "PN_SERVER_TUNNEL_LIMIT",
  "PN_NAME_SESSION_LIMIT",
  "PN_OWNER_NAME_LIMIT",
] as const satisfies readonly ErrorCode[];

export type LimitCode = (typeof LIMIT_CODES)[number];

/** Whether `code` reports that a limit of the server does not allow a tunnel. */
export function isLimitCode(code: ErrorCode): code is LimitCode {
  return (LIMIT_CODES as readonly ErrorCode[]).includes(code);
}

/** The code for a number received from the peer; PN_INTERNAL when the number is unknown. */
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
  /** Milliseconds to wait before the next attempt, if the peer gave a hint. */
  readonly retryAfter: number | undefined;
  /** The part of the message in parentheses. */
  readonly detail: string | undefined;

  constructor(code: ErrorCode, detail?: string, retryAfter?: number) {
    super(detail === undefined ? ERRORS[code].message : `${ERRORS[code].message} (${detail})`);
    this.code = code;
    this.detail = detail;
    this.retryable = ERRORS[code].retryable;
    this.retryAfter = retryAfter;
  }
}
