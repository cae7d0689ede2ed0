import type { Connection, ConnectionHandler } from "@postern/net";
import { Exchange } from "../exchange/exchange.js";
import { nextRequestId } from "../exchange/request-id.js";
import type { VisitorSide } from "../exchange/visitor-side.js";
import { Body, RequestHead, refusals, worthReading, type BodySink, type Refusal } from "../http/index.js";
import type { DelegateRoute, Route } from "../route.js";
import type { ConnectionInfo } from "./connection-info.js";
import { ForwardedFields } from "./forwarded-fields.js";
import { Http1ResponseWriter, type ResponseWriterOwner } from "./http1-response-writer.js";
import type { HttpVisitor, VisitorHost } from "./visitor-host.js";
import { VisitorWatch, type WatchedExchange, type WatchedPhase } from "./visitor-watch.js";

const NOTHING = Buffer.alloc(0);
const MISDIRECTED: Route = { kind: "refusal", refusal: refusals.PN_HTTP_MISDIRECTED };
const OVERLOADED: Route = { kind: "refusal", refusal: refusals.PN_OVERLOADED };
const NO_EXCHANGE: WatchedExchange = { isBodyBlocked: false, awaitsResponse: false, headWaited: () => 0 };

type State = "head" | "body" | "response" | "flushing" | "switched" | "lingering" | "closing" | "closed" | "delegated";

/**
 * A visitor that speaks HTTP/1.1 or 1.0. Requests are read from its connection one at a time, and the responses are
 * sent in the same order.
 *
 *     head ──► body ──► response ──whole response written──► flushing ──sent──► head …
 *      │        │          ├──101──► switched ──► closed
 *      │        │          └──broke off──► closing ──► closed
 *      │        └──last response written──► lingering ──► closed
 *      └──► delegated
 */
export class Http1Visitor implements HttpVisitor, VisitorSide, ConnectionHandler, ResponseWriterOwner, BodySink {
  readonly connection: Connection;
  readonly response: Http1ResponseWriter;
  readonly #host: VisitorHost;
  readonly #info: ConnectionInfo;
  readonly #forwarded: ForwardedFields;
  readonly #head = new RequestHead();
  readonly #body = new Body();
  /** Created for a request; dropped while the connection is idle, because most connections are idle. */
  #exchange: Exchange | undefined;
  #state: State = "head";
  /**
   * A copy of bytes that cannot be processed yet: an incomplete head, or bytes that arrived after a request whose
   * response is not complete.
   */
  #held: Buffer = NOTHING;
  #isReading = false;
  readonly #watch: VisitorWatch;
  #relay: ConnectionHandler | undefined;

  constructor(connection: Connection, host: VisitorHost, info: ConnectionInfo) {
    this.connection = connection;
    this.#host = host;
    this.#info = info;
    this.#forwarded = new ForwardedFields(connection.remoteAddress, info.proto, host.trustedProxies);
    this.#watch = new VisitorWatch(host.limits);
    this.response = new Http1ResponseWriter(connection, this.#head, this);
    if (host.limits.body > 0) this.#body.most = host.limits.body;
    connection.handler = this;
  }

  get address(): string {
    return this.#forwarded.address;
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

  /** Whether the upstream accepts no more of the request's body, or of the visitor's bytes after a protocol switch. */
  get #isBodyBlocked(): boolean {
    return this.#exchange?.isBodyBlocked === true;
  }

  // ---- calls from the gateway

  drain(): void {
    if (this.#isIdle) this.#linger();
  }

  shed(now: number, milliseconds: number): void {
    if (this.#isIdle && this.#watch.idleFor(now) >= milliseconds) this.#linger();
  }

  destroy(): void {
    this.#exchange?.abort("timeout");
    this.connection.destroy();
  }

  tick(now: number, elapsed: number): void {
    try {
      this.#look(now, elapsed);
    } catch (error) {
      this.#fault(error);
    }
  }

  #look(now: number, elapsed: number): void {
    this.connection.checkPeer();
    if (this.#isIdle) this.#exchange = undefined;
    const { connection, bodyBytes } = this;
    const exchange = this.#exchange ?? NO_EXCHANGE;
    switch (this.#watch.look(now, elapsed, this.#phase, { connection, exchange, bodyBytes })) {
      case "stalled":
        this.#exchange?.abort("timeout");
        return this.onBroken();
      case "origin":
        return this.#exchange?.timeOut();
      case "body":
        return this.#exchange?.fail(refusals.PN_HTTP_BODY_TIMEOUT);
      case "deadline":
        if (this.#state === "head" && this.#held.length > 0) this.#refusePartialHead();
        else this.connection.destroy();
        return;
      default:
    }
  }

  get #phase(): WatchedPhase {
    switch (this.#state) {
      case "body":
      case "response":
        return this.#state;
      case "head":
      case "lingering":
      case "closing":
        return "idle";
      default:
        return "other";
    }
  }

  // ---- calls from the exchange

  forwardedLines(): string {
    return this.#forwarded.lines(this.#head);
  }

  reroute(): Route {
    return this.#route();
  }

  onBodyDrain(): void {
    this.#watch.unblock();
    if (this.#state === "body") this.connection.resume();
  }

  onDone(): void {
    this.#finishResponse(this.response.isLast || !this.#body.done);
  }

  onRefused(refusal: Refusal): void {
    this.#respond(refusal, this.#body.done && this.#head.keepAlive, this.#exchange?.id);
  }

  onBroken(): void {
    this.#state = "closing";
    this.response.abandon();
    this.connection.reset();
  }

  onSwitched(relay: ConnectionHandler): void {
    this.#state = "switched";
    this.#relay = relay;
    this.response.abandon();
    // `relay` is not the handler itself: this object still has to catch errors and report the close to its host.
    this.connection.handler = this;
    if (this.#held.length > 0) relay.onData(this.#held);
    this.#held = NOTHING;
    if (!this.#isBodyBlocked) this.connection.resume();
  }

  onSent(bytes: number): void {
    this.#exchange?.consumed(bytes);
  }

  // ---- events from the connection

  onData(chunk: Buffer): void {
    try {
      if (this.#relay === undefined) this.#take(chunk);
      else this.#relay.onData(chunk);
    } catch (error) {
      this.#fault(error);
    }
  }

  onDrain(): void {
    try {
      if (this.#relay !== undefined) return this.#relay.onDrain();
      this.response.credit();
      if (this.#state === "flushing" && this.connection.unsent === 0) this.#finishResponse(false);
    } catch (error) {
      this.#fault(error);
    }
  }

  /**
   * A visitor that half-closes is treated as gone, and its request is aborted. After a protocol switch, the two
   * directions close separately.
   */
  onEnd(): void {
    if (this.#relay !== undefined) return this.#relay.onEnd();
    this.#exchange?.abort();
    if (this.#state === "closing") return;
    this.#state = "closing";
    this.connection.end();
  }

  onClose(): void {
    this.#state = "closed";
    this.#relay?.onClose();
    this.#exchange?.abort();
    this.#host.forget(this);
  }

  /** An error in the gateway closes only this connection. */
  #fault(error: unknown): void {
    this.#host.onFault(error);
    this.onBroken();
  }

  // ---- reading requests

  #take(chunk: Buffer): void {
    if (this.#state === "lingering" || this.#state === "closing") return;
    if (this.#held.length === 0) return this.#read(chunk, false);
    this.#held = Buffer.concat([this.#held, chunk]);
    if (this.#state !== "head" || !worthReading(chunk, this.#held.length)) return;
    const held = this.#held;
    this.#held = NOTHING;
    this.#read(held, true);
  }

  /**
   * Reads requests from `chunk` until all of it is read, or the rest has to wait.
   * @param isOurs whether `chunk` is our own copy, whose bytes do not change after the call
   */
  #read(chunk: Buffer, isOurs: boolean): void {
    this.#isReading = true;
    let at = 0;
    while (at < chunk.length) {
      if (this.#state === "head") {
        const length = this.#head.read(chunk, at, chunk.length);
        if (length < 0) {
          this.#refuse(this.#head.refusal as Refusal);
          break;
        }
        if (length === 0) {
          this.#holdHead(chunk, at, isOurs);
          break;
        }
        if (!this.#begin(chunk, at)) break;
        at += length;
      } else if (this.#state === "body") {
        at = this.#body.read(chunk, at, this);
        if (at < 0) {
          this.#exchange?.fail(this.#body.refusal ?? refusals.PN_HTTP_CHUNK);
          break;
        }
        if (this.#body.done) this.#endBody();
      } else {
        this.#readLater(chunk, at);
        break;
      }
    }
    this.#isReading = false;
    if (this.#isIdle) this.#head.release();
    else if (this.#exchange?.isActive === true) this.#head.keep();
    if (this.#isBodyBlocked && (this.#state === "body" || this.#state === "switched")) this.connection.pause();
  }

  passBody(chunk: Buffer): void {
    this.#exchange?.body(chunk);
  }

  #endBody(): void {
    this.#state = "response";
    this.#exchange?.bodyEnd();
  }

  /** Routes the request whose head lies in `chunk` at `at`. @returns false when the connection was delegated. */
  #begin(chunk: Buffer, at: number): boolean {
    const head = this.#head;
    const route = this.#route();
    if (route.kind === "delegate" && this.#delegate(route, chunk, at)) return false;
    this.#watch.beginRequest(head.expectContinue);
    this.#body.begin(
      head.chunked ? "chunked" : head.contentLength > 0 ? "length" : "none",
      head.contentLength,
      "chunks",
    );
    this.#state = this.#body.done ? "response" : "body";
    const reusable = this.#body.done && head.keepAlive;
    if (route.kind === "refusal") this.#respond(route.refusal, reusable);
    else if (route.kind === "respond") this.#respond(route.page, reusable, undefined, route.location);
    else if (route.kind === "delegate") this.#respond(refusals.PN_HTTP_MISDIRECTED, reusable);
    else if (head.contentLength > this.#body.most) this.#refuse(refusals.PN_HTTP_BODY_TOO_LARGE);
    else (this.#exchange ??= new Exchange(this, head)).begin(route, "chunks");
    return true;
  }

  /**
   * If the TLS handshake named a host, requests for any other host are refused: the certificate was checked only for
   * that host (RFC 9110, section 7.4).
   */
  #route(): Route {
    const { serverName } = this.#info;
    const { host } = this.#head;
    if (serverName !== undefined && host !== serverName && host !== "") return MISDIRECTED;
    const route = this.#host.router(this.#head, this.#info);
    return this.#host.overloaded && route.kind === "upstream" ? OVERLOADED : route;
  }

  /** Passes the connection to another server. @returns false when it has no socket. */
  #delegate(route: DelegateRoute, chunk: Buffer, at: number): boolean {
    const socket = this.connection.detach(chunk.subarray(at));
    if (socket === undefined) return false;
    this.#state = "delegated";
    this.#head.release();
    this.#host.forget(this);
    route.take(socket);
    return true;
  }

  #holdHead(chunk: Buffer, at: number, isOurs: boolean): void {
    if (this.#held.length === 0) this.#watch.beginHead();
    this.#held = isOurs && at === 0 ? chunk : Buffer.from(chunk.subarray(at));
  }

  /** Holds bytes that follow a request until its response is complete. Until then the connection is paused. */
  #readLater(chunk: Buffer, at: number): void {
    if (this.#state === "switched") return this.#relay?.onData(chunk.subarray(at));
    if (this.#state !== "response" && this.#state !== "flushing") return;
    this.#held = Buffer.from(chunk.subarray(at));
    this.connection.pause();
  }

  // ---- responding

  /** Reads the incomplete head again, because its bytes have moved, and the form of the response depends on it. */
  #refusePartialHead(): void {
    this.#head.read(this.#held, 0, this.#held.length);
    this.#refuse(refusals.PN_HTTP_HEAD_TIMEOUT);
  }

  #refuse(refusal: Refusal): void {
    this.#respond(refusal, false);
  }

  /** @param exchangeId the id of the exchange that was refused; undefined: the request began none. */
  #respond(refusal: Refusal, reusable: boolean, exchangeId?: string, location?: string): void {
    if (exchangeId === undefined) this.#host.onRefused(refusal);
    const close = !reusable || this.#host.closing;
    this.response.writeOwn(refusal, close, exchangeId ?? nextRequestId(), location);
    this.#finishResponse(close);
  }

  /** A response has been written. The next request waits until it has been sent, so that responses cannot pile up. */
  #finishResponse(closes: boolean): void {
    if (closes || this.#host.closing) return this.#linger();
    if (this.connection.unsent > 0) this.#state = "flushing";
    else this.#next();
  }

  /** Continues with the next request. */
  #next(): void {
    this.#state = "head";
    this.#watch.expireIn(this.#host.limits.idle);
    if (this.#isReading) return;
    const held = this.#held;
    this.#held = NOTHING;
    // This comes before the rest is read, because reading it may pause the connection again.
    this.connection.resume();
    if (held.length > 0) this.#read(held, true);
    else this.#head.release();
  }

  /**
   * Closes the connection after the last response: half-closes it, then reads and drops input for a while. Otherwise
   * unread input would cause a reset, which could destroy the response on its way.
   */
  #linger(): void {
    this.#state = "lingering";
    this.#held = NOTHING;
    this.#head.release();
    this.#watch.expireIn(this.#host.limits.linger);
    this.connection.end();
    this.connection.resume();
  }
}
