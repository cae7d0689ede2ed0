import { relay, type ByteStream, type ByteStreamHandler, type Relay, type ResetReason } from "@postern/net";
import type { ChunkForm, Refusal, Request, ResponseHead } from "../http/index.js";
import type { ResponseRepair } from "../repair/index.js";
import type { UpstreamRoute } from "../route.js";
import { SUSPECT, type AttemptOutcome } from "../upstream/attempt.js";
import type { Upstream } from "../upstream/upstream.js";
import { Attempts } from "./attempts.js";
import { missingDate } from "./date-line.js";
import { BROKEN, INVALID_RESPONSE, refusedAgain, refusedWith, requestFailure } from "./exchange-end.js";
import type { Failure } from "./exchange-end.js";
import { RequestFacts } from "./request-facts.js";
import { RequestSide } from "./request-side.js";
import { resending } from "./resending.js";
import { ResponseSide, type ResponseSink } from "./response-side.js";
import { stickyEdits } from "./sticky-edits.js";
import type { VisitorExchange } from "./visitor-exchange.js";
import type { VisitorSide } from "./visitor-side.js";

/**
 * Relays one request and its response between a visitor and a stream to the origin. The visitor's side exchanges
 * messages, in any version of HTTP; the origin's side exchanges the bytes of HTTP/1.1. An exchange also returns
 * flow-control credit to the stream: at once for bytes that it does not pass on (heads, dropped framing and trailers),
 * and for the others when the visitor's side reports them with `consumed`. Reused for request after request.
 *
 *     over ──► head ──► body ──whole response read──► delivering ──all of it consumed──► over
 *               └─101─► switched ──both ends closed──► over
 */
export class Exchange extends RequestFacts implements VisitorExchange, ByteStreamHandler, ResponseSink {
  readonly #visitor: VisitorSide;
  readonly #requestSide: RequestSide;
  readonly #response: ResponseSide;
  #state: "over" | "head" | "body" | "delivering" | "switched" = "over";
  #route: UpstreamRoute | undefined;
  readonly #attempts = new Attempts();
  #stream: ByteStream | undefined;
  #isStreamBroken = false;
  #isEventStream = false;
  #relay: Relay | undefined;
  /**
   * Bytes passed to the visitor's side that it has not reported as consumed: those from the stream, and those that the
   * gateway itself added after them (a last chunk, trailers).
   */
  #handed = 0;
  #handedOwn = 0;
  /** Bytes of the piece being read that are credited when all of it has been read. */
  #due = 0;
  #isReading = false;
  /** Bytes that arrived together with the head of a 101, after it. */
  #switchedBytes = 0;

  constructor(visitor: VisitorSide, request: Request) {
    super(request, visitor.context);
    this.#visitor = visitor;
    this.#requestSide = new RequestSide(visitor.context.exchanges.limits.replay);
    this.#response = new ResponseSide(visitor.context.exchanges);
  }

  // ---- FinishedRequest

  override get flaw(): string | undefined {
    return this.ended === "origin_invalid" ? this.#response.flaw?.code : undefined;
  }

  override get repairs(): ReadonlySet<ResponseRepair> {
    return this.#response.repairs;
  }

  override get upstream(): Upstream | undefined {
    return this.#attempts.upstream;
  }

  override get bytesIn(): number {
    return this.#visitor.bodyBytes + (this.#relay?.fromConnection ?? 0);
  }

  override get bytesOut(): number {
    return this.#response.bytes + this.#switchedBytes + (this.#relay?.fromStream ?? 0);
  }

  // ---- calls from the visitor's side

  get isActive(): boolean {
    return this.#state !== "over";
  }

  /** Whether the exchange waits for the origin's final response to begin. */
  get awaitsResponse(): boolean {
    return this.#state === "head";
  }

  /** Whether more of the response's body is due from the origin. An event stream may be silent for any time. */
  get awaitsBody(): boolean {
    return this.#state === "body" && !this.#isEventStream;
  }

  /**
   * Whether the upstream accepts no more of the request's body until `onBodyDrain`; after a protocol switch, no more of
   * the visitor's bytes.
   */
  get isBodyBlocked(): boolean {
    return this.#relay === undefined ? this.#requestSide.isBlocked : this.#relay.isBlocked;
  }

  /**
   * Sends the request.
   * @param form how a chunked body is passed to `body`: with its chunk framing and trailers, or only its data
   */
  begin(route: UpstreamRoute, form: ChunkForm): void {
    const { context } = this.#visitor;
    this.beginFacts(context.requestId(), context.exchanges.clock.now());
    this.#route = route;
    this.#relay = undefined;
    this.#switchedBytes = 0;
    this.#attempts.begin(route.steps);
    this.#requestSide.begin(this.request, form);
    this.#response.begin();
    this.#attempt(this.startedAt, this.#requestSide.mayUseIdle);
  }

  /** Sends a part of the request's body. `chunk` is not empty, and valid only during the call. */
  body(chunk: Buffer): void {
    this.#requestSide.body(chunk);
  }

  /** Ends the request's body. `trailers` are complete field lines, and only used in the form `data`. */
  bodyEnd(trailers?: Buffer): void {
    this.#requestSide.bodyEnd(trailers);
    if (this.#attempts.isTimed) this.#attempts.sentAt = this.#visitor.context.exchanges.clock.now();
  }

  /** Call it when `bytes` of the response's body have been sent to the visitor. */
  consumed(bytes: number): void {
    const credit = Math.min(bytes, this.#handed);
    this.#handed -= credit;
    this.#handedOwn -= Math.min(bytes - credit, this.#handedOwn);
    if (this.#isReading) {
      this.#due += credit;
      return;
    }
    if (credit > 0) this.#stream?.consumed(credit);
    this.#completeIfDelivered();
  }

  /** Ends the exchange because the visitor is gone, or was given up because a time limit passed. */
  abort(ended: "visitor_left" | "timeout" = "visitor_left"): void {
    if (this.#state === "over") return;
    this.ended = ended;
    this.#stream?.reset();
    this.#finish(this.status === 0 ? 499 : this.status, "aborted");
  }

  /**
   * Ends the exchange because of an error in the request. The visitor receives `refusal`; if its response has begun,
   * the response is cut off instead.
   */
  fail(refusal: Refusal): void {
    this.#fail(requestFailure(refusal), "aborted");
  }

  /** Ends the exchange because the origin was too slow. */
  timeOut(): void {
    this.#fail(this.#attempts.failureOf("timeout"), "timeout");
  }

  /** Since when a response head has been incomplete; Infinity: no head is. */
  get headSince(): number {
    return this.#response.headSince;
  }

  // ---- events from the stream

  onData(chunk: Buffer): void {
    const stream = this.#stream as ByteStream;
    this.#attempts.isAnswered = true;
    this.#due = chunk.length;
    this.#isReading = true;
    if (this.#state === "delivering") this.#response.keepsAlive = false;
    else this.#read(chunk);
    this.#isReading = false;
    if (this.#due > 0) stream.consumed(this.#due);
    this.#completeIfDelivered();
  }

  onEnd(): void {
    this.#response.keepsAlive = false;
    if (this.#state === "delivering") return;
    if (!this.#response.endsWithStream) {
      this.#stream?.reset();
      return this.onReset({ cause: "broken", delivered: -1 });
    }
    this.#deliver();
    this.#completeIfDelivered();
  }

  onReset(reason: ResetReason): void {
    if (this.#state === "head" && this.#sendAgain(reason)) return;
    if (this.#state === "delivering") {
      this.#isStreamBroken = true;
      return;
    }
    const failure = this.#attempts.failureOf(reason.cause);
    if (this.#state === "head") this.#refuse(failure, reason.cause);
    else if (this.#state !== "over") this.#breakOff(failure, reason.cause);
  }

  /** A request that waits for a target that may be cut off moves to another one. */
  onSuspect(): void {
    const stream = this.#stream;
    if (this.#state === "head" && this.#sendAgain(SUSPECT)) stream?.reset();
  }

  onDrain(): void {
    this.#requestSide.isBlocked = false;
    this.#visitor.onBodyDrain();
  }

  // ---- ResponseSink

  onInterimHead(head: ResponseHead): void {
    this.#visitor.response.onInterim(head);
  }

  onFinalHead(head: ResponseHead): ChunkForm {
    this.status = head.status;
    this.#state = "body";
    this.#requestSide.forgetSent();
    this.#attempts.onResponse(head.status, this.#visitor.context.exchanges.clock);
    this.#isEventStream = (this.#route?.limits?.idle ?? 0) > 0 && head.body !== "length" && head.isEventStream;
    const { sticky } = this.#route as UpstreamRoute;
    const { response, context } = this.#visitor;
    const edits = missingDate(head);
    if (sticky === undefined) return response.onResponse(head, edits);
    const { target } = this.#attempts;
    return response.onResponse(head, stickyEdits(edits, { sticky, target }, this, context.isSecure));
  }

  passBody(chunk: Buffer, own: number): void {
    const bytes = chunk.length - own;
    this.#due -= bytes;
    this.#handed += bytes;
    this.#handedOwn += own;
    this.#visitor.response.onBody(chunk);
  }

  // ----

  /** Sends the request's head on an idle stream if `mayUseIdle` is set and there is one, otherwise on a new stream. */
  #attempt(now: number, mayUseIdle: boolean): void {
    const attempts = this.#attempts;
    this.#state = "head";
    this.#handed = this.#handedOwn = 0;
    this.#isStreamBroken = false;
    const stream = attempts.open(this.#route as UpstreamRoute, this, now, mayUseIdle);
    if (stream === undefined) return this.#refuse(refusedWith(attempts.refusal));
    this.#stream = stream;
    stream.handler = this;
    const head = this.request.write(this.#visitor.context.forwardedLines(), this.id, attempts);
    this.#requestSide.send(head, stream, attempts.onIdleStream);
    if (this.#requestSide.isDone) attempts.sentAt = now;
  }

  /** Sends the request once more if that is possible (`resending`). @returns false if it is not. */
  #sendAgain(reason: ResetReason): boolean {
    const requestSide = this.#requestSide;
    const now = this.#visitor.context.exchanges.clock.now();
    const again = resending(this.#route as UpstreamRoute, this.#attempts, requestSide, reason, now);
    if (again === undefined) return false;
    // That a target may be cut off is no failure of it.
    this.#endAttempt(reason === SUSPECT ? "aborted" : reason.cause);
    if (!again.isElsewhere && !this.#routeAgain()) return true;
    this.#response.restart();
    this.#attempt(now, false);
    if (this.#state !== "head") return true;
    requestSide.sendAgain(again.sent);
    if (!requestSide.isBlocked) this.#visitor.onBodyDrain();
    return true;
  }

  /** @returns false if it was refused: there is no target any more for which the steps of a route have admitted it. */
  #routeAgain(): boolean {
    const route = this.#visitor.context.route();
    const isAdmitted = route.kind === "upstream" && route.steps === this.#attempts.admittedBy;
    if (isAdmitted) this.#route = route;
    else this.#refuse(route.kind === "refusal" ? refusedAgain(route.refusal) : BROKEN.gone);
    return isAdmitted;
  }

  #read(chunk: Buffer): void {
    const response = this.#response;
    const wasHead = response.state === "head";
    const end = response.read(chunk, this.request, this);
    if (end < 0) return this.#fail(wasHead ? this.#attempts.flawOf(chunk) : INVALID_RESPONSE, "invalid");
    if (response.state === "switched") return this.#switch(end < chunk.length ? chunk.subarray(end) : undefined);
    if (response.state !== "end") {
      if (wasHead && response.state === "body") this.#visitor.response.onFlush();
      return;
    }
    if (end < chunk.length) response.keepsAlive = false;
    this.#deliver();
  }

  /** The whole response has been read. Parts of it may not have been sent to the visitor yet. */
  #deliver(): void {
    this.#state = "delivering";
    const { trailers } = this.#response;
    if (trailers.length > 0) this.#visitor.response.onTrailers(trailers);
    this.#visitor.response.onEnd();
  }

  /**
   * The origin switched protocols: from now on, bytes are relayed unchanged in both directions. `rest` arrived together
   * with the head.
   */
  #switch(rest: Buffer | undefined): void {
    this.#state = "switched";
    const visitor = this.#visitor;
    if (rest !== undefined) {
      this.#switchedBytes = rest.length;
      this.passBody(rest, 0);
    }
    visitor.response.onFlush();
    this.#relay = relay(visitor.connection, this.#stream as ByteStream, {
      uncredited: this.#handed,
      onClose: "drop",
      onUnblocked: () => visitor.onBodyDrain(),
      onUnsent: () => visitor.onUnsent(),
      onDone: () => this.#endSwitched(),
    });
    this.#handed = 0;
    visitor.onSwitched(this.#relay);
  }

  /** If the whole response has been sent: ends the exchange, and keeps the stream for another request if possible. */
  #completeIfDelivered(): void {
    if (this.#state !== "delivering" || this.#handed > 0 || this.#handedOwn > 0) return;
    const stream = this.#stream as ByteStream;
    const { keepsAlive, idleTimeout } = this.#response;
    this.#finish(this.status, "status");
    if (!this.#isStreamBroken) {
      if (!this.#requestSide.isDone) stream.reset();
      else this.#attempts.idle?.give(stream, this.endedAt, keepsAlive ? idleTimeout : 0);
    }
    this.#visitor.onDone();
  }

  #endSwitched(): void {
    if (this.#relay?.isStreamReset === true) this.ended = "origin_reset";
    this.#finish(this.status, "status");
  }

  #fail(failure: Failure, outcome: AttemptOutcome): void {
    if (this.#state === "over") return;
    this.#stream?.reset();
    if (this.#state === "head" || this.#visitor.response.retract()) this.#refuse(failure, outcome);
    else this.#breakOff(failure, outcome);
  }

  #breakOff({ ended, refusal }: Failure, outcome: AttemptOutcome): void {
    this.ended = ended;
    this.code = refusal.code;
    this.#finish(this.status, outcome);
    this.#visitor.onBroken();
  }

  #refuse({ ended, refusal }: Failure, outcome?: AttemptOutcome): void {
    this.ended = ended;
    this.code = refusal.code;
    this.#finish(refusal.status, outcome);
    this.#visitor.onOwnResponse(refusal);
  }

  /** @param outcome the attempt's outcome; undefined when no attempt is in progress */
  #finish(status: number, outcome: AttemptOutcome | undefined): void {
    if (this.#state === "over") return;
    this.#state = "over";
    this.endedAt = this.#visitor.context.exchanges.clock.now();
    this.#requestSide.finish();
    this.#response.finish();
    this.#returnHanded();
    if (outcome !== undefined) this.#endAttempt(outcome);
    this.status = status;
    this.#stream = undefined;
    const route = this.#route;
    this.#route = undefined;
    this.#visitor.context.finished(this, route);
  }

  /** Returns credit for bytes that the visitor's side has not reported as consumed, and will not report any more. */
  #returnHanded(): void {
    const rest = this.#handed;
    this.#handed = this.#handedOwn = 0;
    if (this.#isReading) this.#due += rest;
    else if (rest > 0) this.#stream?.consumed(rest);
  }

  #endAttempt(outcome: AttemptOutcome): void {
    this.#attempts.end(outcome, this.status);
    this.#route?.onAttempt?.(outcome, this.status);
  }
}
