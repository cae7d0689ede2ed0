export type { ByteStream, ByteStreamHandler, ResetReason, Upstream } from "./byte-stream.js";
export { EXCHANGE_LIMITS } from "./exchange.js";
export { Gateway, type GatewayOptions } from "./gateway.js";
export { DEFAULT_HEAD_LIMITS, parseAuthority, refusals } from "./http/index.js";
export type { Refusal, RequestHead } from "./http/index.js";
export type { FinishedRequest, HandOverRoute, RefusalRoute, Route, Router, UpstreamRoute } from "./route.js";
export { POOL_LIMITS, StreamPool } from "./stream-pool.js";
export { DEFAULT_VISITOR_LIMITS } from "./visitor.js";
export type { VisitorLimits } from "./visitor.js";
