import type { Connection, ConnectionHandler } from "@postern/net";
import { Exchange } from "../exchange/exchange.js";
import { RequestFacts } from "../exchange/request-facts.js";
import type { VisitorExchange } from "../exchange/visitor-exchange.js";
import type { ResponseWriter, VisitorContext, VisitorSide } from "../exchange/visitor-side.js";
import type { BodyCoder, CodedSink } from "../filters/response-filter.js";
import { refusals, type Refusal, type Reply, type Request } from "../http/index.js";
import type { UpstreamRoute } from "../route.js";
import { CodedRequest } from "./coded-request.js";

const NOTHING = Buffer.alloc(0);

export const CODED_REQUEST_LIMITS = {
  /** A coded body of up to this many bytes is sent when it is complete: with its length, and only if it has no flaw. */
  whole: 64 * 1024,
  /** Bytes of the visitor that may wait for the coder. */
  uncoded: 64 * 1024,
} as const;

/**
 * One request whose body passes a coder on its way to the target, and its response. A small coded body is held until
 * it is complete, so that targets get its length, and nothing of a request whose body cannot be coded. What does not
 * fit is sent in chunks; if its coder fails, the stream to the target is reset. Reused for request after request.
 *
 *     over ──► holding ──coded body complete, or too large──► sending ──► over
 */
export class CodedExchange extends RequestFacts implements VisitorExchange, VisitorSide, CodedSink {
  readonly #visitor: VisitorSide;
  readonly #request: CodedRequest;
  readonly #exchange: Exchange;
  #state: "over" | "holding" | "sending" = "over";
  #route: UpstreamRoute | undefined;
  /** Those that have admitted the request. */
  #steps: UpstreamRoute["steps"];
  #coder: BodyCoder | undefined;
  /** The most bytes that the coded body may have; 0: any number. */
  #most = 0;
  #held: Buffer[] = [];
  #coded = 0;
  /** Bytes that the coder has not taken. */
  #uncoded = 0;
  #trailers: Buffer = NOTHING;

  constructor(visitor: VisitorSide, request: Request) {
    super(request, visitor.context);
    this.#visitor = visitor;
    this.#request = new CodedRequest(request);
    this.#exchange = new Exchange(this, this.#request);
  }

  /**
   * Begins the exchange of a request with a body, which is passed to `body` without framing.
   * @param most bytes that the coded body may have; 0: any number
   */
  begin(route: UpstreamRoute, coder: BodyCoder, most: number): void {
    this.#route = route;
    this.#steps = route.steps;
    this.#coder = coder;
    this.#most = most;
    this.#held = [];
    this.#coded = this.#uncoded = 0;
    this.#trailers = NOTHING;
    this.#state = "holding";
    this.beginFacts(this.#visitor.context.requestId(), this.#visitor.context.exchanges.clock.now());
    coder.begin(this);
  }

  // ---- VisitorExchange

  override get bytesIn(): number {
    return this.#visitor.bodyBytes;
  }

  override get bytesOut(): number {
    return this.#state === "sending" ? this.#exchange.bytesOut : 0;
  }

  get isActive(): boolean {
    return this.#state === "holding" || (this.#state === "sending" && this.#exchange.isActive);
  }

  get isBodyBlocked(): boolean {
    return this.#isCoderFull || (this.#state === "sending" && this.#exchange.isBodyBlocked);
  }

  get awaitsResponse(): boolean {
    return this.#state === "holding" || this.#exchange.awaitsResponse;
  }

  get awaitsBody(): boolean {
    return this.#state === "sending" && this.#exchange.awaitsBody;
  }

  get headSince(): number {
    return this.#state === "sending" ? this.#exchange.headSince : Infinity;
  }

  body(chunk: Buffer): void {
    if (this.#state === "over") return;
    this.#uncoded += chunk.length;
    this.#coder?.write(chunk);
  }

  bodyEnd(trailers: Buffer = NOTHING): void {
    if (this.#state === "over") return;
    this.#trailers = trailers.length === 0 ? NOTHING : Buffer.from(trailers);
    this.#coder?.end();
  }

  consumed(bytes: number): void {
    this.#exchange.consumed(bytes);
  }

  abort(ended: "visitor_left" | "timeout" = "visitor_left"): void {
    if (this.#state === "sending") this.#exchange.abort(ended);
    else if (this.#state === "holding") this.#finish(499, ended);
    this.#end();
  }

  fail(refusal: Refusal): void {
    if (this.#state === "sending") return this.#exchange.fail(refusal);
    if (this.#state === "holding") this.#refuse(refusal);
  }

  timeOut(): void {
    if (this.#state === "sending") this.#exchange.timeOut();
    else this.fail(refusals.PN_TRANSFORM_BUSY);
  }

  // ---- CodedSink

  get isFull(): boolean {
    return this.#state === "sending" && this.#exchange.isBodyBlocked;
  }

  onCoded(bytes: Buffer): void {
    if (this.#state === "over" || bytes.length === 0) return;
    this.#coded += bytes.length;
    if (this.#most > 0 && this.#coded > this.#most) return this.fail(refusals.PN_HTTP_BODY_TOO_LARGE);
    if (this.#state === "sending") return this.#exchange.body(bytes);
    this.#held.push(Buffer.from(bytes));
    if (this.#coded > CODED_REQUEST_LIMITS.whole && this.#coder?.isWhole === false) this.#send(-1);
  }

  onTaken(bytes: number): void {
    const wasFull = this.#isCoderFull;
    this.#uncoded -= Math.min(bytes, this.#uncoded);
    if (wasFull && this.isActive && !this.isBodyBlocked) this.#visitor.onBodyDrain();
  }

  onCodedEnd(): void {
    if (this.#state === "holding") this.#send(this.#coded);
    if (this.#state === "sending") this.#exchange.bodyEnd(this.#trailers);
  }

  onFailed(refusal: Refusal): void {
    this.fail(refusal);
  }

  // ---- VisitorSide of the exchange with the target

  get response(): ResponseWriter {
    return this.#visitor.response;
  }

  get context(): VisitorContext {
    return this.#visitor.context;
  }

  get bodyBytes(): number {
    return this.#visitor.bodyBytes;
  }

  get connection(): Connection {
    return this.#visitor.connection;
  }

  onBodyDrain(): void {
    this.#coder?.resume?.();
    if (!this.isBodyBlocked) this.#visitor.onBodyDrain();
  }

  onUnsent(): void {
    this.#visitor.onUnsent();
  }

  onSwitched(relay: ConnectionHandler): void {
    this.#visitor.onSwitched(relay);
  }

  onDone(): void {
    this.#end();
    this.#visitor.onDone();
  }

  onOwnResponse(page: Refusal | Reply, location?: string): void {
    this.#end();
    this.#visitor.onOwnResponse(page, location);
  }

  onFault(error: unknown): void {
    this.#end();
    this.#visitor.onFault(error);
  }

  onBroken(): void {
    this.#end();
    this.#visitor.onBroken();
  }

  // ----

  get #isCoderFull(): boolean {
    return this.#uncoded > CODED_REQUEST_LIMITS.uncoded;
  }

  /** Begins to send the request. @param contentLength of the coded body; -1: it is not known */
  #send(contentLength: number): void {
    const steps = this.#steps;
    // While the body arrived, the route may have got steps that the request has not passed.
    const route = this.#visitor.context.route();
    if (route.kind !== "upstream" || route.steps !== steps || steps?.isReplaced === true)
      return this.#refuse(route.kind === "refusal" ? route.refusal : refusals.PN_ACCESS_CHANGED);
    const held = this.#held;
    this.#held = [];
    this.#state = "sending";
    this.#request.codedLength = contentLength;
    this.#exchange.begin(route, "data");
    this.id = this.#exchange.id;
    for (const bytes of held) if (this.#exchange.isActive) this.#exchange.body(bytes);
  }

  #refuse(refusal: Refusal): void {
    this.code = refusal.code;
    this.#finish(refusal.status, "refused");
    this.#end();
    this.#visitor.onOwnResponse(refusal);
  }

  /** Nothing was sent. */
  #finish(status: number, ended: "refused" | "visitor_left" | "timeout"): void {
    this.status = status;
    this.ended = ended;
    this.endedAt = this.#visitor.context.exchanges.clock.now();
    this.#visitor.context.finished(this, this.#route);
  }

  #end(): void {
    this.#state = "over";
    this.#route = this.#steps = undefined;
    this.#held = [];
    const coder = this.#coder;
    this.#coder = undefined;
    coder?.close();
  }
}
