export { noticeAnswer, refusalAnswer, writeAnswer, type AnswerContext, type Notice, type OwnAnswer } from "./answer.js";
export { parseAuthority, type Authority } from "./authority.js";
export { ChunkReader, type ChunkForm } from "./chunk-reader.js";
export { DEFAULT_HEAD_LIMITS, type HeadLimits } from "./field-section.js";
export { refusals, refusalTable, type Refusal } from "./refusal.js";
export { RequestHead, type ForwardOptions } from "./request-head.js";
export { ResponseHead, type ResponseOptions, type ResponseBody } from "./response-head.js";
export { worthReading } from "./partial-head.js";
