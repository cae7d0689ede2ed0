// The subpath `@postern/protocol/constants`: values without the code of sessions, for programs that only show figures.
export { DEFAULT_LIMITS } from "./limits.js";
export { DURATION_BOUNDS, REQUEST_ENDS } from "./wire/request-record.js";
