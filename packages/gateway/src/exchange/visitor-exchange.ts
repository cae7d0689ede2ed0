import type { FileRequest, Refusal } from "../http/index.js";
import type { FilesRoute } from "../route.js";
import type { VisitorSide } from "./visitor-side.js";

/** One request and its response, as its visitor's side sees them. Reused for request after request. */
export interface VisitorExchange {
  /** The id of the request. */
  readonly id: string;
  readonly isActive: boolean;
  /**
   * Whether no more of the request's body is accepted until `onBodyDrain`; after a protocol switch, no more of the
   * visitor's bytes.
   */
  readonly isBodyBlocked: boolean;
  /** Whether the final response has not begun. */
  readonly awaitsResponse: boolean;
  /** Whether more of the response's body is due from the origin. */
  readonly awaitsBody: boolean;
  /** Since when a response head has been incomplete; Infinity: no head is. */
  readonly headSince: number;
  /** Content bytes of both bodies so far. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** A part of the request's body. `chunk` is not empty, and valid only during the call. */
  body(chunk: Buffer): void;
  /** The request's body is complete. `trailers`: complete field lines of a body that was passed without its framing. */
  bodyEnd(trailers?: Buffer): void;
  /** Call it when `bytes` of the response's body have been sent to the visitor. */
  consumed(bytes: number): void;
  /** Ends the exchange because the visitor is gone, or was given up because a time limit passed. */
  abort(ended?: "visitor_left" | "timeout"): void;
  /** Ends the exchange because of an error in the request: with `refusal`, or by cutting off the response. */
  fail(refusal: Refusal): void;
  /** Ends the exchange because there was no response in time. */
  timeOut(): void;
}

/** An exchange that responds with files. */
export interface FilesExchange extends VisitorExchange {
  /** Responds to the current request, whose head has been read. */
  begin(route: FilesRoute): void;
}

/** @param request the current request; the same object is parsed again for each request */
export type CreateFilesExchange = (visitor: VisitorSide, request: FileRequest) => FilesExchange;
