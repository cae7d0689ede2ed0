export {
  noticeResponse,
  refusalResponse,
  replyResponse,
  ownResponseParts,
  writeOwnResponse,
  type ResponseContext,
  type Notice,
  type OwnResponse,
  type Reply,
} from "./own-response.js";
export { parseAuthority, type Authority } from "./authority.js";
export { Body, type BodyFraming, type BodySink } from "./body.js";
export { ChunkReader, type ChunkForm } from "./chunk-reader.js";
export { writeChunk, writeLastChunk } from "./chunk-writer.js";
export { CLAIMABLE, Field, fieldSet, headerName, meaningOf, NOT_RETURNED } from "./field-name.js";
export { trimmed } from "./list.js";
export { DEFAULT_HEAD_LIMITS, type HeadLimits } from "./field-section.js";
export { escapeHtml, prefersHtml } from "./page-form.js";
export { refusals, refusalTable, type Refusal } from "./refusal.js";
export type { FileRequest, ForwardOptions, Request } from "./request.js";
export { RequestHead } from "./request-head.js";
export { connectionLine, ResponseHead, type ResponseBody, type ResponseOptions } from "./response-head.js";
export { worthReading } from "./partial-head.js";
