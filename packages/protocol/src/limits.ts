/** The limits of PROTOCOL.md that both sides rely on. */
export interface Limits {
  /** Open streams in a session. */
  streams: number;
  /** The receive window that every stream always has, in bytes. */
  guaranteedWindow: number;
  /** The receive window of a stream while `sessionWindow` has room for it, in bytes. */
  initialWindow: number;
  /** The most bytes that all receive windows of a session may have together, beyond the guaranteed ones. */
  sessionWindow: number;
  /** Largest WebSocket message accepted, in bytes. */
  message: number;
  /** Largest control message, in bytes. */
  control: number;
  /** Milliseconds between two heartbeats. Two in a row without any byte received end the session. */
  heartbeat: number;
  /** A session ends after this many milliseconds in which bytes wait for acknowledgement and none are acknowledged. */
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

/** Limits for connections that have not logged in. */
export const LOGIN_LIMITS = {
  /** Bytes a client may send before `welcome`. */
  bytes: 4 * 1024,
  /** Longest token, in bytes. A `hello` with such a token fits into `bytes`. */
  token: 3 * 1024,
  /** Milliseconds until `welcome`. */
  timeout: 5_000,
  /** Connections of one IP address. */
  perAddress: 64,
  /** Additional connections of one IP address, for clients that return at the time the server gave them. */
  returning: 8,
} as const;

/** Limits on the work that a peer causes: PROTOCOL.md, section 4. */
export const WORK_LIMITS = {
  /** Control messages that may arrive at once. */
  controlBurst: 256,
  /** Control messages per second in the long run. */
  controlRate: 50,
  /** Control messages that are read in one turn of the event loop. */
  controlsPerTurn: 64,
  /** Other frames that are read in one turn. They take less than a millisecond. */
  framesPerTurn: 512,
} as const;
