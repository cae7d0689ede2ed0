export type { Balance, Candidate } from "./balance/candidate.js";
export { LeastLoad } from "./balance/least-load.js";
export type { ByteStream, ByteStreamHandler, ResetReason, Upstream } from "./upstream/byte-stream.js";
export { EXCHANGE_LIMITS } from "./exchange/exchange.js";
export type { Arrival } from "./visitor/connection-info.js";
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
export { nextRequestId } from "./exchange/request-id.js";
export { REPLAY_LIMITS } from "./exchange/replay.js";
export { POOL_LIMITS, StreamPool } from "./upstream/idle-streams.js";
export { TrustedProxies } from "./visitor/trusted-proxies.js";
export { DEFAULT_VISITOR_LIMITS, type VisitorLimits } from "./visitor/limits.js";
