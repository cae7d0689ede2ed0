export { decodeControl, encodeControl } from "./control.js";
export type {
  Bind,
  Bound,
  ControlError,
  ControlMessage,
  Hello,
  RequestRecord,
  Requests,
  Unbound,
  Welcome,
} from "./control.js";
export { ERRORS, errorCode, isErrorCode, TunnelError } from "./errors.js";
export type { ErrorCode } from "./errors.js";
export { DEFAULT_LIMITS, LOGIN_LIMITS } from "./limits.js";
export type { Limits } from "./limits.js";
export { Session } from "./session.js";
export type { SessionHandler, SessionOptions } from "./session.js";
export type { Stream, StreamHandler, StreamReset } from "./stream.js";
export type { Transport, TransportHandler } from "./transport.js";
export { WebSocketTransport } from "./websocket-transport.js";
export type { WebSocketLike } from "./websocket-transport.js";
export const PROTOCOL_VERSION = 1;
/** The WebSocket subprotocol: PROTOCOL.md, section 1. */
export const SUBPROTOCOL = "postern.v1";
