// The subpath `@postern/gateway/access-log`: a line for each request. A process without access logs does not load it.
export {
  ACCESS_FORMATS,
  AccessLog,
  type AccessLogFigures,
  type AccessLogOptions,
  type AccessOutput,
} from "./access-log/access-log.js";
export type { LoggedPlace, ShownFields } from "./access-log/line-format.js";
