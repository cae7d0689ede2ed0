import { Linked, TURN_END, type Connection, type ConnectionHandler, type TurnTask } from "@postern/net";
import type { VisitorExchange } from "../exchange/visitor-exchange.js";
import { FilteringWriter, type FilteringWriterOwner } from "../responses/filtering-writer.js";
import { Body, RequestHead, refusals, worthReading } from "../http/index.js";
import type { BodySink, Refusal, Reply } from "../http/index.js";
import type { DelegateRoute, GuardedRoute, Route } from "../route.js";
import { ADMISSION_LIMITS } from "./admission.js";
import type { ConnectionInfo } from "./connection-info.js";
import { Exchanges, isExchanged, type ExchangingVisitor } from "./exchanges.js";
import { HeldInput } from "./held-input.js";
import { OversizedHead } from "./oversized-head.js";
import { OwnResponder } from "./own-responder.js";
import { OwnResponses } from "./own-responses.js";
import { MISDIRECTED, RequestContext } from "./request-context.js";
import { SwitchedConnection } from "./switched-connection.js";
import type { HttpVisitor, VisitorHost } from "./visitor-host.js";
import type { VisitorState } from "./visitor-state.js";
import { VisitorWatch, type WatchedVisitor } from "./visitor-watch.js";

/**
 * A visitor that speaks HTTP/1.1 or 1.0. Requests are read from its connection one at a time, and the responses are
 * sent in the same order.
 */
export class Http1Visitor
  extends Linked<HttpVisitor>
  implements HttpVisitor, ExchangingVisitor, ConnectionHandler, FilteringWriterOwner, BodySink, WatchedVisitor, TurnTask
{
  readonly connection: Connection;
  readonly response: FilteringWriter;
  readonly context: RequestContext;
  readonly #host: VisitorHost;
  readonly #head: RequestHead;
  readonly #body: Body;
  /** Dropped while the connection is idle, because most connections are idle. */
  readonly #exchanges: Exchanges;
  #state: VisitorState = "head";
  readonly #held = new HeldInput();
  #oversized: OversizedHead | undefined;
  #isReading = false;
  readonly #ownResponses: OwnResponses;
  readonly #responder: OwnResponder;
  readonly #watch: VisitorWatch;

  constructor(connection: Connection, host: VisitorHost, info: ConnectionInfo) {
    super();
    this.connection = connection;
    this.#host = host;
    this.#head = new RequestHead(host.limits.headSize);
    this.context = new RequestContext(this.#head, connection.remoteAddress, info, host);
    this.#body = new Body(host.limits.headSize, this.context);
    this.#ownResponses = new OwnResponses(this.context.isProxied);
    this.#responder = new OwnResponder(this, this.#ownResponses, host);
    this.#watch = new VisitorWatch(host.limits, host.deadlines, this);
    this.response = new FilteringWriter(connection, this.#head, this);
    this.#exchanges = new Exchanges(this, this.#head, host);
    connection.handler = this;
  }

  get exchange(): VisitorExchange | undefined {
    return this.#exchanges.current;
  }

  get bodyBytes(): number {
    return this.#body.bytes;
  }

  get closesAfterRequest(): boolean {
    return !this.#head.keepAlive || this.#host.closing || !this.#body.done;
  }

  /** Whether no request is in progress, and no byte of the next one has arrived. */
  get #isIdle(): boolean {
    return this.#state === "head" && this.#held.length === 0;
  }

  // ---- calls from the gateway

  drain(): void {
    if (this.#isIdle) this.#linger();
  }

  shed(now: number, milliseconds: number): boolean {
    if (!this.#isIdle || this.#watch.idleFor(now) < milliseconds) return false;
    this.#linger();
    return true;
  }

  destroy(): void {
    this.exchange?.abort("timeout");
    this.connection.destroy();
  }

  // ---- calls from the watch

  get phase(): WatchedVisitor["phase"] {
    if (this.#state === "body") return "body";
    if (this.#state === "head" && this.#held.length > 0) return "head";
    return this.#state === "head" || this.#state === "lingering" ? "idle" : "other";
  }

  onLook(): void {
    this.connection.checkPeer();
    if (!this.#isIdle) return;
    this.#exchanges.drop();
    this.#head.shrink();
  }

  /** Reads the incomplete head again, because its bytes have moved, and the form of the response depends on it. */
  refusePartialHead(): void {
    this.#head.read(this.#held.bytes, 0, this.#held.length);
    this.#responder.refuse(refusals.PN_HTTP_HEAD_TIMEOUT);
  }

  /** An error in the gateway closes only this connection. */
  onFault(error: unknown): void {
    this.#host.onFault(error);
    this.onBroken();
  }

  // ---- calls from the exchange

  onBodyDrain(): void {
    this.#watch.unblock();
    if (this.#state === "body") this.connection.resume();
  }

  onDone(): void {
    this.onOwnWritten(this.response.isLast || !this.#body.done);
  }

  onOwnResponse(page: Refusal | Reply, location?: string): void {
    this.#responder.respond(page, this.exchange?.id, location);
  }

  onBroken(): void {
    this.#state = "closing";
    this.context.endRequest();
    this.response.abandon();
    this.connection.reset();
  }

  onSwitched(relay: ConnectionHandler): void {
    this.#state = "switched";
    this.response.abandon();
    this.connection.handler = new SwitchedConnection(relay, this);
    const held = this.#held.take();
    if (held.length > 0) relay.onData(held);
    if (!this.#exchanges.isBodyBlocked) this.connection.resume();
  }

  onRelayed(): void {
    if (this.#exchanges.isBodyBlocked) this.#watch.block();
  }

  onSent(bytes: number): void {
    this.exchange?.consumed(bytes);
  }

  onUnsent(): void {
    this.#watch.onUnsent();
  }

  // ---- events from the connection

  onData(chunk: Buffer): void {
    try {
      this.#take(chunk);
    } catch (error) {
      this.onFault(error);
    }
  }

  onDrain(): void {
    try {
      this.response.credit();
      if (this.#state === "flushing" && this.connection.unsent === 0) this.onOwnWritten(false);
    } catch (error) {
      this.onFault(error);
    }
  }

  onTurnEnd(): void {
    this.#ownResponses.endTurn();
    this.onDrain();
  }

  /** A visitor that half-closes is treated as gone, and its request is aborted. */
  onEnd(): void {
    this.exchange?.abort();
    if (this.#state === "closing") return;
    this.#state = "closing";
    this.connection.end();
  }

  onClose(): void {
    this.#state = "closed";
    this.#watch.close();
    this.exchange?.abort();
    this.response.abandon();
    this.context.endRequest();
    this.#host.forget(this);
  }

  // ---- calls from the admission

  /** Without a body, reading continues, so that the end of the connection is noticed at once. */
  onParked(): void {
    this.#state = "parked";
    this.#watch.beginRequest(false, false, ADMISSION_LIMITS);
    if (!this.#body.done) this.connection.pause();
  }

  onReadAhead(): void {
    if (this.#head.expectContinue) this.response.writeContinue();
    const { bytes } = this.#held;
    if (bytes.length === 0 || this.#exchanges.readAhead(bytes)) this.connection.resume();
  }

  onAdmitted(route: GuardedRoute): void {
    const hasWaited = this.#state === "parked";
    if (hasWaited) this.#expectBody(route);
    this.#serve(route);
    if (!hasWaited || this.#state !== "body") return;
    this.connection.resume();
    this.#read(this.#held.take(), true);
  }

  onDenied(page: Refusal | Reply): void {
    this.#responder.deny(page, this.exchange?.id);
  }

  // ---- reading requests

  #take(chunk: Buffer): void {
    if (this.#state === "lingering" || this.#state === "closing") return;
    if (this.#oversized !== undefined) return this.#readWithoutCookies(chunk, 0);
    if (this.#held.length === 0) return this.#read(chunk, false);
    this.#held.add(chunk);
    if (this.#state !== "head") return this.#showHeld(chunk);
    if (!worthReading(chunk, this.#held.length, this.#host.limits.headSize.bytes)) return;
    this.#held.passTo((held) => this.#read(held, true));
  }

  /**
   * Reads requests from `chunk` until all of it is read, or the rest has to wait.
   * @param isOurs whether `chunk` is our own copy, whose bytes do not change after the call
   * @param isPipelined whether it arrived before the response to an earlier request was complete
   */
  #read(chunk: Buffer, isOurs: boolean, isPipelined = false): void {
    this.#isReading = true;
    let at = 0;
    while (at < chunk.length) {
      if (this.#state === "head") {
        const length = this.#head.read(chunk, at, chunk.length);
        if (length < 0) {
          const { refusal } = this.#head;
          if (refusal === refusals.PN_HTTP_HEAD_TOO_LARGE) this.#readWithoutCookies(chunk, at);
          else this.#responder.refuse(refusal as Refusal);
          break;
        }
        if (length === 0) {
          if (this.#held.length === 0) this.#watch.beginHead();
          this.#held.hold(chunk, at, isOurs);
          break;
        }
        this.#ownResponses.isPipelined = isPipelined;
        if (!this.#begin(chunk, at)) break;
        at += length;
        isPipelined = true;
      } else if (this.#state === "body") {
        at = this.#body.read(chunk, at, this);
        if (at < 0) {
          this.exchange?.fail(this.#body.refusal ?? refusals.PN_HTTP_CHUNK);
          break;
        }
        // The exchange may have ended with a response.
        if (this.#state !== "body") continue;
        this.#watch.onBody(this.#body.bytes);
        if (!this.#body.done) break;
        this.#state = "response";
        this.#watch.endRequest();
        this.exchange?.bodyEnd(this.#body.trailers);
      } else {
        this.#readLater(chunk.subarray(at), isOurs);
        break;
      }
    }
    this.#isReading = false;
    if (this.#isIdle) this.#head.release();
    else if (this.exchange?.isActive === true) this.#head.keep();
    if (!this.#exchanges.isBodyBlocked) return;
    this.#watch.block();
    if (this.#state === "body" || this.#state === "switched") this.connection.pause();
  }

  /** Reads a head that is too large. Our own pages need no cookies, so that scripts cannot make them unreachable. */
  #readWithoutCookies(chunk: Buffer, at: number): void {
    if (this.#oversized === undefined) this.#watch.beginHead();
    const oversized = (this.#oversized ??= new OversizedHead(this.#host.limits.headSize));
    const read = oversized.read(chunk, at, this.#head);
    if (read === "incomplete") return void (this.#held.bytes = oversized.kept);
    this.#oversized = undefined;
    this.#held.take();
    const route = read === "refused" ? undefined : this.context.route();
    if (read !== "refused" && route !== undefined && !isExchanged(route)) this.#begin(read, 0, route);
    else this.#responder.refuse(this.#head.refusal ?? refusals.PN_HTTP_HEAD_TOO_LARGE);
  }

  passBody(chunk: Buffer): void {
    this.exchange?.body(chunk);
  }

  /** Routes the request whose head lies in `chunk` at `at`. @returns false when the connection was delegated. */
  #begin(chunk: Buffer, at: number, route = this.context.route()): boolean {
    const head = this.#head;
    if (route.kind === "delegate" && this.#delegate(route, chunk, at)) return false;
    this.#body.beginFor(head, "chunks");
    this.#expectBody(route);
    if (route.steps === undefined) this.#serve(route);
    else this.#exchanges.guard(route as GuardedRoute);
    return true;
  }

  #expectBody(route: Route): void {
    const { done } = this.#body;
    this.#watch.beginRequest(!done, this.#head.expectContinue, isExchanged(route) ? route.limits : undefined);
    this.#state = done ? "response" : "body";
  }

  #serve(route: Route): void {
    if (!isExchanged(route)) return this.#responder.decline(route.kind === "delegate" ? MISDIRECTED : route);
    if (route.kind === "files") this.#ownResponses.countFile();
    if (!this.#exchanges.begin(route, this.#body)) this.#responder.refuse(refusals.PN_HTTP_BODY_TOO_LARGE, route);
  }

  /** Passes the connection to another server. @returns false when it has no socket. */
  #delegate(route: DelegateRoute, chunk: Buffer, at: number): boolean {
    const socket = this.connection.detach(chunk.subarray(at));
    if (socket === undefined) return false;
    this.#state = "delegated";
    this.#watch.close();
    this.#head.release();
    this.#host.forget(this);
    route.take(socket);
    return true;
  }

  /** Holds bytes that follow a request until its response is complete. Until then the connection is paused. */
  #readLater(rest: Buffer, isOurs: boolean): void {
    if (this.#state === "switched") return this.connection.handler.onData(rest);
    if (this.#state !== "response" && this.#state !== "flushing" && this.#state !== "parked") return;
    this.#held.hold(rest, 0, isOurs);
    this.#showHeld(rest);
  }

  /** Input is held: `piece`. No more of it is read, except for a step that reads the body. */
  #showHeld(piece: Buffer): void {
    if (!this.#exchanges.readAhead(piece)) this.connection.pause();
  }

  // ---- responding

  /** A response has been written. The next request waits until it has been sent, so that responses cannot pile up. */
  onOwnWritten(closes: boolean): void {
    this.context.endRequest();
    if (closes || this.#host.closing) return this.#linger();
    const { isTurnFull } = this.#ownResponses;
    const { unsent } = this.connection;
    if (unsent === 0 && !isTurnFull) return this.#next();
    this.#state = "flushing";
    if (unsent > 0) this.#watch.onUnsent();
    if (isTurnFull) TURN_END.add(this);
  }

  /** Continues with the next request. */
  #next(): void {
    this.#state = "head";
    this.#watch.expireIn(this.#host.limits.idle);
    if (this.#isReading) return;
    const held = this.#held.take();
    // This comes before the rest is read, because reading it may pause the connection again.
    this.connection.resume();
    if (held.length > 0) this.#read(held, true, true);
    else this.#head.release();
  }

  /**
   * Closes the connection after the last response: half-closes it, then reads and drops input for a while. Otherwise
   * unread input would cause a reset, which could destroy the response on its way.
   */
  #linger(): void {
    this.#state = "lingering";
    this.#held.take();
    this.#head.release();
    this.#watch.expireIn(this.#host.limits.linger);
    this.connection.end();
    this.connection.resume();
  }
}
