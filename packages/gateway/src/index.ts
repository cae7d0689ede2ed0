export type { ByteStream, ByteStreamHandler, ResetReason, Upstream } from "./byte-stream.js";
export { Gateway } from "./gateway.js";
export { parseAuthority, refusals } from "./http/index.js";
export type { Refusal, RequestHead } from "./http/index.js";
export type { FinishedRequest, HandOverRoute, RefusalRoute, Route, Router, UpstreamRoute } from "./route.js";
export { StreamPool } from "./stream-pool.js";
export { DEFAULT_VISITOR_LIMITS } from "./visitor.js";
export type { VisitorLimits } from "./visitor.js";
