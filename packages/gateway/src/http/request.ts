import type { Field } from "./field-name.js";
import type { Framed } from "./framing.js";

/** How a forwarded request head differs from the visitor's. */
export interface ForwardOptions {
  /** Path and query for the origin instead of the visitor's: bytes that a request line may have, in Latin-1. */
  readonly path?: string | undefined;
  /** Host for the origin instead of the visitor's: a canonical authority (`parseAuthority`). */
  readonly hostHeader?: string | undefined;
  /** Whether to ask the origin for 100 Continue. Default: as the visitor does. */
  readonly expectContinue?: boolean;
  /** How the body is delimited. Default: as the visitor does it. */
  readonly framing?: Framed;
}

/** The parts of a request's head that an exchange uses, regardless of the visitor's protocol. */
export interface Request {
  readonly method: string;
  /** 1: HTTP/1.1 or later, 0: HTTP/1.0. */
  readonly versionMinor: 0 | 1;
  /** The request line as received, without its end. */
  readonly line: string;
  /** Path and query, as received. */
  readonly path: string;
  /** Canonical, without a port. Empty only in HTTP/1.0. */
  readonly host: string;
  /** Body bytes; -1 when not known in advance. */
  readonly contentLength: number;
  /** Whether the body is sent to the origin in chunks. */
  readonly chunked: boolean;
  /** The protocols that a valid upgrade request offers; otherwise empty. */
  readonly upgrade: string;
  /** The value of the field `name` (lower case) of this meaning; empty unless there is exactly one. */
  fieldValue(name: string, field?: Field): string;
  /**
   * As `fieldValue`, for a field that visitors repeat.
   * @param last its value in an earlier request, which is returned without making another text of the same bytes
   */
  repeatedValue(name: string, last: string): string;
  /** The head for the origin, in HTTP/1.1, with X-Request-Id and `lines` added to it. Each line ends with CRLF. */
  write(lines: string, requestId: string, options?: ForwardOptions): Buffer;
}

/** The parts of a request's head that select a representation of a file. */
export interface FileRequest extends Request {
  /** Whether the visitor waits for 100 Continue before it sends the body. */
  readonly expectContinue: boolean;
  /** The Accept field; empty without one. */
  readonly accept: string;
  /** Whether there is a condition (`If-…`) or a Range. */
  readonly isConditional: boolean;
  /** The values of all fields of this meaning named `name` (lower case), joined by commas. */
  fieldValues(field: Field, name: string): string;
}
