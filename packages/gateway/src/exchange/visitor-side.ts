import type { Connection, ConnectionHandler } from "@postern/net";
import type { ChunkForm, Refusal, Reply, ResponseHead, ResponseOptions } from "../http/index.js";
import type { DelegateRoute, FinishedRequest, Route } from "../route.js";
import type { ExchangeContext } from "./exchange-context.js";

/** The head of a final response, for a visitor. */
export interface FinalHead {
  readonly status: number;
  /** Bytes of the body; -1 if unknown. Only informative if there is no body (HEAD, 304). */
  readonly contentLength: number;
  /** A first piece of the body of at most this many bytes is copied behind the head, because one write costs less. */
  readonly mostJoined: number;
  /**
   * The head in HTTP/1.1.
   * @param body bytes to add after it, so that both are one piece
   */
  write(options: ResponseOptions, body?: Buffer): Buffer;
  /** Whether the visitor's connection closes after this response: because of `close`, or because that ends the body. */
  closes(options: ResponseOptions): boolean;
  /** The head without the fields of these names (lower case). This one may be used no more. */
  without(names: readonly string[]): FinalHead;
  /** Status line and end-to-end fields, each line ended by CRLF. Framing and Connection are not included. */
  text(): string;
  /** Calls `visit` with each end-to-end field: for protocols with another form of head. Framing is not included. */
  eachField(visit: (name: string, value: string) => void): void;
}

/** Changes to a response's head while it is written. */
export interface ResponseEdits {
  /** Lines to add, each ended by CRLF. */
  readonly lines: string;
}

/**
 * Writes a response in the visitor's protocol. The calls come in the order `onInterim`*, `onResponse`, `onBody`*,
 * `onTrailers`?, `onEnd`, and may stop after any of them. Buffers and heads are valid only during the call; the head of
 * `onResponse` is valid until the next call. The writer must report every byte of `onBody` to the exchange's `consumed`
 * once that byte has been sent.
 */
export interface ResponseWriter {
  /** An interim response (1xx). */
  onInterim(head: ResponseHead): void;
  /**
   * The final response begins. The next call follows before other bytes are read.
   * @returns the form in which a chunked body is passed to `onBody`.
   */
  onResponse(head: FinalHead, edits: ResponseEdits): ChunkForm;
  /** A part of the body. In the form `chunks`, chunk framing and trailers are parts of it. */
  onBody(chunk: Buffer): void;
  /** Trailers of a body in the form `data`: complete field lines, each ended by CRLF. */
  onTrailers(lines: Buffer): void;
  /** The response is complete. */
  onEnd(): void;
  /** Discards a response if none of it has been sent. @returns false if some was sent: the response must break off. */
  retract(): boolean;
  /** No more of the response is available now: a head that waits for its body is to be sent without it. */
  onFlush(): void;
}

/** A route whose requests end here. */
export type ReportedRoute = Exclude<Route, DelegateRoute>;

/** Where a visitor's requests come from, and where they go. */
export interface VisitorContext {
  /** The visitor's IP address. */
  readonly address: string;
  /** Who the visitor of the current request is, according to the steps of its route; undefined: unknown. */
  readonly principal: string | undefined;
  /** The id of the current request's trace; empty without one. */
  readonly traceId: string;
  /** Whether the visitor uses HTTPS. */
  readonly isSecure: boolean;
  readonly exchanges: ExchangeContext;
  /** An id for the request: a new one, or that of a trusted proxy. */
  requestId(): string;
  /** The lines that identify the visitor to the origin, each ended by CRLF. Call it before the request is written. */
  forwardedLines(): string;
  /** The route of the request as of now. */
  route(): Route;
  /** A request is over: reports it to its route and to the access log. `request` stays as it is until the next one. */
  finished(request: FinishedRequest, route: ReportedRoute | undefined): void;
}

/** The visitor's side of an exchange. */
export interface VisitorSide {
  readonly response: ResponseWriter;
  readonly context: VisitorContext;
  /** Content bytes of the request's body so far. */
  readonly bodyBytes: number;
  /** The connection to relay after a protocol switch. */
  readonly connection: Connection;
  /** The upstream accepts more of the request's body; after a protocol switch, more of the visitor's bytes. */
  onBodyDrain(): void;
  /** After a protocol switch: bytes have been written that wait until the visitor reads. */
  onUnsent(): void;
  /** The protocol was switched: from now on, the connection's events are to be passed to `relay`. */
  onSwitched(relay: ConnectionHandler): void;

  /** The exchange is over: the response is complete and consumed. */
  onDone(): void;
  /**
   * The exchange is over: no response has begun, and the gateway itself responds.
   * @param location the Location field
   */
  onOwnResponse(page: Refusal | Reply, location?: string): void;
  /** There was an error in the gateway: closes the connection. */
  onFault(error: unknown): void;
  /** The exchange is over: the response was cut off, and must not look complete. */
  onBroken(): void;
}
