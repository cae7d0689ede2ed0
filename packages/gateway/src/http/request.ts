import type { ForwardOptions } from "./request-head.js";

/** A request's head as an exchange needs it, whatever protocol it came by. */
export interface Request {
  readonly method: string;
  /** Path and query, as they came. */
  readonly path: string;
  /** Canonical, without a port. Empty only in HTTP/1.0. */
  readonly host: string;
  /** Body bytes; -1 when not known beforehand. */
  readonly contentLength: number;
  /** The body goes to the origin in chunks. */
  readonly chunked: boolean;
  /** The protocols that a valid upgrade request offers; else empty. */
  readonly upgrade: string;
  /** The value of the field `name` (lower case); empty unless there is exactly one. */
  fieldValue(name: string): string;
  /** The head as the origin gets it, in HTTP/1.1, with `lines` of our own added: each ends with CRLF. */
  write(lines: string, options?: ForwardOptions): Buffer;
}
