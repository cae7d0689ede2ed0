export { decodeControl, encodeControl, FEATURES, MAX_WEIGHT } from "./wire/control.js";
export type {
  Auth,
  Bind,
  Bound,
  Check,
  Checked,
  ControlError,
  ControlMessage,
  Group,
  Hello,
  Refresh,
  Refreshed,
  Requests,
  Unbound,
  Welcome,
} from "./wire/control.js";
export { MAX_POLICIES, policiesSize } from "./wire/policies.js";
export type { ForwardAuthPolicy, JwtPolicy, Policies, RateLimitPolicy } from "./wire/policies.js";
export { DURATION_BOUNDS, REQUEST_ENDS, REQUEST_REPAIRS } from "./wire/request-record.js";
export type { RequestEnd, RequestRecord, RequestRepair, RequestTotals } from "./wire/request-record.js";
export { ERRORS, errorCode, isErrorCode, isLimitCode, TunnelError } from "./errors.js";
export type { ErrorCode, LimitCode } from "./errors.js";
export { DEFAULT_LIMITS, LOGIN_LIMITS, WORK_LIMITS } from "./limits.js";
export type { Limits } from "./limits.js";
export { Session } from "./session/session.js";
export { TokenBucket } from "./token-bucket.js";
export { TurnBudget } from "./session/turn-budget.js";
export type { SessionOptions } from "./session/session.js";
export type { SessionHandler } from "./session/session-handler.js";
export type { StreamReset } from "./session/stream-reset.js";
export type { Stream, StreamHandler } from "./session/stream.js";
export { HEADROOM, NO_SESSION } from "./transport.js";
export type { Transport, TransportHandler } from "./transport.js";
export { WebSocketTransport } from "./websocket/transport.js";
export type { SocketLike, WebSocketOptions } from "./websocket/transport.js";
export const PROTOCOL_VERSION = 1;
/** The WebSocket subprotocol: PROTOCOL.md, section 1. */
export const SUBPROTOCOL = "postern.v1";
/** The GUID that Sec-WebSocket-Accept is computed with: RFC 6455, section 4.2.2. */
export const WEBSOCKET_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
