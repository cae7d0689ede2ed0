/** The numbers of PROTOCOL.md that both sides rely on. */
export interface Limits {
  /** Streams open at once in a session. */
  streams: number;
  /** The receive window in bytes that every stream has always, whatever the others do. */
  guaranteedWindow: number;
  /** The window in bytes that a stream gets while the session's cap has room. */
  initialWindow: number;
  /** Bytes that all windows of a session may lend beyond the guaranteed ones. */
  sessionWindow: number;
  /** Largest WebSocket message accepted, in bytes. */
  message: number;
  /** Largest control message, in bytes. */
  control: number;
  /** Milliseconds between two heartbeats; two without a sign of life end the session. */
  heartbeat: number;
  /** Milliseconds without progress of acknowledgements, while bytes wait for one, that end the session. */
  stall: number;
}

export const DEFAULT_LIMITS: Readonly<Limits> = {
  streams: 1024,
  guaranteedWindow: 16 * 1024,
  initialWindow: 256 * 1024,
  sessionWindow: 16 * 1024 * 1024,
  message: 1024 * 1024,
  control: 16 * 1024,
  heartbeat: 10_000,
  stall: 30_000,
};

/** Limits that hold until a client is known. */
export const LOGIN_LIMITS = {
  /** Bytes a client may send before `welcome`. */
  bytes: 4 * 1024,
  /** Bytes of a token, so that it fits into these with all the rest. */
  token: 3 * 1024,
  /** Milliseconds it may take. */
  timeout: 5_000,
  /** Connections of one IP address that are not logged in yet. */
  perAddress: 64,
} as const;
