export type { ByteStream, ByteStreamHandler, ResetReason, Upstream } from "./byte-stream.js";
export { EXCHANGE_LIMITS } from "./exchange.js";
export type { Arrival } from "./arrival.js";
export { Gateway, type GatewayOptions } from "./gateway.js";
export {
  DEFAULT_HEAD_LIMITS,
  noticeAnswer,
  parseAuthority,
  refusalAnswer,
  refusals,
  refusalTable,
  writeAnswer,
} from "./http/index.js";
export type { AnswerContext, Notice, OwnAnswer, Refusal, RequestHead } from "./http/index.js";
export type { FinishedRequest, HandOverRoute, RefusalRoute, Route, Router, UpstreamRoute } from "./route.js";
export { MEMORY_LIMITS, type MemoryPressure } from "./memory-pressure.js";
export { nextRequestId } from "./request-id.js";
export { REPLAY_LIMITS } from "./replay.js";
export { POOL_LIMITS, StreamPool } from "./stream-pool.js";
export { TrustedProxies, unmapped } from "./trusted-proxies.js";
export { DEFAULT_VISITOR_LIMITS, type VisitorLimits } from "./visitor-limits.js";
