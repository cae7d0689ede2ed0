import type { ForwardOptions } from "./request-head.js";

/** A request's head as an exchange needs it, whatever protocol it came by. */
export interface Request {
  readonly method: string;
  /** Path and query, as they came. */
  readonly path: string;
  /** Body bytes; -1 when not known beforehand. */
  readonly contentLength: number;
  /** The body goes to the origin in chunks. */
  readonly chunked: boolean;
  /** The protocols that a valid upgrade request offers; else empty. */
  readonly upgrade: string;
  /** The head as the origin gets it, in HTTP/1.1, with `lines` of our own added: each ends with CRLF. */
  write(lines: string, options?: ForwardOptions): Buffer;
}
