import type { Socket } from "node:net";
import type { Arrival } from "./connection-info.js";
import { BodyPace } from "./body-pace.js";
import { Exchange, type ExchangeOwner } from "../exchange/exchange.js";
import { RequestHead, refusals, worthReading, writeAnswer, type Refusal } from "../http/index.js";
import { Identity } from "./forwarded-fields.js";
import { nextRequestId } from "../exchange/request-id.js";
import type { Route, Router } from "../route.js";
import { StallWatch } from "./stall-watch.js";
import type { TrustedProxies } from "./trusted-proxies.js";
import type { VisitorLimits } from "./limits.js";

const NOTHING = Buffer.alloc(0);
const MISDIRECTED: Route = { kind: "refusal", refusal: refusals.PN_HTTP_MISDIRECTED };
const OVERLOADED: Route = { kind: "refusal", refusal: refusals.PN_OVERLOADED };

/** What a visitor needs of the gateway it came to. */
export interface VisitorHost {
  readonly router: Router;
  readonly limits: VisitorLimits;
  readonly trustedProxies: TrustedProxies;
  /** Connections end after the answer they wait for. */
  readonly closing: boolean;
  /** There is no memory for more requests. */
  readonly overloaded: boolean;
  /** The visitor is gone, or somebody else has its connection. */
  forget(visitor: Visitor): void;
  /** Something went wrong in the gateway itself; the visitor's connection is ended. */
  onFault(error: unknown): void;
}

/**
 * One visitor's connection: requests are read from it one after the other, and answered in order.
 *
 *     head ──► body ──► waiting ──answered──► head …
 *       │                 └──101──► switched ──► closed
 *       └──refused──► lingering ──► closed
 */
export class Visitor implements ExchangeOwner {
  readonly #socket: Socket;
  readonly #host: VisitorHost;
  readonly #arrival: Arrival;
  readonly #identity: Identity;
  readonly #head = new RequestHead();
  readonly #exchange: Exchange;
  #state: "head" | "body" | "waiting" | "switched" | "lingering" | "closed" = "head";
  /** Bytes that came and could not be used yet: a part of a head, or what follows a request that is not answered yet. */
  #held: Buffer = NOTHING;
  #reading = false;
  #deadline: number;
  readonly #pace: BodyPace;
  readonly #stall = new StallWatch();
  /** For how long the origin has had the whole request, or taken nothing of what is there of it. */
  #awaited = 0;
  #blocked = 0;

  constructor(socket: Socket, host: VisitorHost, arrival: Arrival) {
    this.#socket = socket;
    this.#host = host;
    this.#arrival = arrival;
    this.#identity = new Identity(socket.remoteAddress, arrival.proto, host.trustedProxies);
    this.#pace = new BodyPace(host.limits);
    this.#exchange = new Exchange(this, this.#head);
    if (host.limits.body > 0) this.#exchange.upload.most = host.limits.body;
    this.#deadline = performance.now() + host.limits.idle;
    socket
      .on("data", this.#onData)
      .on("drain", this.#onDrain)
      .on("end", this.#onEnd)
      .on("error", this.#onError)
      .on("close", this.#onClose);
  }

  get address(): string {
    return this.#identity.address;
  }

  get unsent(): number {
    return this.#socket.writableLength;
  }

  get closing(): boolean {
    return this.#host.closing;
  }

  /** Nothing of a request has come, or the last one is answered. */
  get idle(): boolean {
    return this.#state === "head" && this.#held.length === 0;
  }

  /** Closes an idle connection; others close after their answer. */
  drain(): void {
    if (this.idle) this.#end();
  }

  /** Closes a connection that has been idle for `milliseconds`. */
  shed(now: number, milliseconds: number): void {
    if (this.idle && now + this.#host.limits.idle - this.#deadline >= milliseconds) this.#end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Looks at the clock, `elapsed` milliseconds after it did so before. */
  tick(now: number, elapsed: number): void {
    this.#guard(() => this.#look(now, elapsed));
  }

  #look(now: number, elapsed: number): void {
    const { limits } = this.#host;
    if (this.#stall.look(this.#socket, elapsed) >= limits.stall) return this.onBroken();
    // Nobody listens to a paused socket: a visitor that broke off is only noticed by writing, be it nothing.
    if (this.#socket.isPaused() && this.#socket.writableLength === 0) this.#socket.write(NOTHING);
    this.#blocked = this.#exchange.uploadBlocked ? this.#blocked + elapsed : 0;
    if (this.#blocked >= limits.stall) return this.#exchange.fail(refusals.PN_ORIGIN_TIMEOUT);
    if (this.#exchange.headWaited(elapsed) >= limits.head) return this.#exchange.fail(refusals.PN_ORIGIN_TIMEOUT);
    switch (this.#state) {
      case "body": {
        const { upload, uploadBlocked } = this.#exchange;
        if (!uploadBlocked && !this.#pace.waited(elapsed, upload.bytes))
          this.#exchange.fail(refusals.PN_HTTP_BODY_TIMEOUT);
        return;
      }
      case "waiting": {
        if (limits.answer === 0 || !this.#exchange.awaitsAnswer) return;
        this.#awaited += elapsed;
        if (this.#awaited >= limits.answer) this.#exchange.fail(refusals.PN_ORIGIN_TIMEOUT);
        return;
      }
      default:
        if (now < this.#deadline) return;
        if (this.#state === "head" && this.#held.length > 0) this.#refuse(refusals.PN_HTTP_HEAD_TIMEOUT);
        else this.#socket.destroy();
    }
  }

  // ---- what the exchange tells

  identityLines(): string {
    return this.#identity.lines(this.#head);
  }

  reroute(): Route {
    return this.#route();
  }

  send(chunk: Buffer): void {
    this.#socket.write(chunk);
    this.#watch();
  }

  sendBoth(head: Buffer, body: Buffer): void {
    this.#socket.cork();
    this.#socket.write(head);
    this.#socket.write(body);
    this.#socket.uncork();
    this.#watch();
  }

  onAnswered(reusable: boolean): void {
    if (!reusable || this.#host.closing) return this.#end();
    this.#state = "head";
    this.#deadline = performance.now() + this.#host.limits.idle;
    if (this.#reading) return;
    const held = this.#held;
    this.#held = NOTHING;
    // Before the rest is read: that may have to pause it again.
    this.#socket.resume();
    if (held.length > 0) this.#read(held);
    else this.#head.release();
  }

  onRefused(refusal: Refusal): void {
    this.#answer(refusal, this.#exchange.upload.done && this.#head.keepAlive, this.#exchange.id);
  }

  onBroken(): void {
    this.#state = "closed";
    this.#socket.resetAndDestroy();
  }

  onSwitched(): void {
    this.#state = "switched";
    if (this.#held.length > 0) this.#exchange.forward(this.#held);
    this.#held = NOTHING;
    if (!this.#exchange.uploadBlocked) this.#socket.resume();
  }

  onOriginEnd(): void {
    this.#socket.end();
  }

  onUploadDrain(): void {
    this.#blocked = 0;
    if (this.#state === "body" || this.#state === "switched") this.#socket.resume();
  }

  // ---- what the socket tells

  readonly #onData = (chunk: Buffer): void => this.#guard(() => this.#take(chunk));

  #take(chunk: Buffer): void {
    if (this.#state === "lingering" || this.#state === "closed") return;
    if (this.#held.length === 0) return this.#read(chunk);
    this.#held = Buffer.concat([this.#held, chunk]);
    if (this.#state !== "head" || !worthReading(chunk, this.#held.length)) return;
    const held = this.#held;
    this.#held = NOTHING;
    this.#read(held);
  }

  readonly #onDrain = (): void =>
    this.#guard(() => {
      this.#exchange.settle();
      const answered = this.#state === "waiting" && !this.#exchange.active;
      if (answered && this.#socket.writableLength === 0) this.onAnswered(true);
    });

  /** Nobody waits for an answer behind a closed connection; an upgraded one closes half by half. */
  readonly #onEnd = (): void => {
    if (this.#state === "switched") return this.#exchange.forwardEnd();
    if (this.#exchange.active) this.#exchange.abort();
    if (this.#state !== "closed") this.#close();
  };

  readonly #onError = (): void => {
    // `close` follows, and says all there is to say.
  };

  readonly #onClose = (): void => {
    this.#state = "closed";
    this.#exchange.abort();
    this.#host.forget(this);
  };

  /** A fault of ours ends this connection, and nothing else. */
  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#host.onFault(error);
      this.onBroken();
    }
  }

  /** Reads requests from `chunk` until it is used up or has to wait. */
  #read(chunk: Buffer): void {
    this.#reading = true;
    let at = 0;
    while (at < chunk.length) {
      if (this.#state === "head") {
        const length = this.#head.read(chunk, at, chunk.length);
        if (length < 0) {
          this.#refuse(this.#head.refusal as Refusal);
          break;
        }
        if (length === 0) {
          this.#hold(chunk, at);
          break;
        }
        if (!this.#begin(chunk, at)) break;
        at += length;
      } else if (this.#state === "body") {
        at = this.#exchange.readUpload(chunk, at);
        if (at < 0) {
          this.#exchange.fail(this.#exchange.upload.refusal ?? refusals.PN_HTTP_CHUNK);
          break;
        }
        if (this.#exchange.upload.done) this.#state = "waiting";
      } else if (this.#state === "switched") {
        this.#exchange.forward(at === 0 ? chunk : chunk.subarray(at));
        break;
      } else {
        if (this.#state === "waiting") this.#keep(chunk, at);
        break;
      }
    }
    this.#reading = false;
    if (this.idle) this.#head.release();
    if (this.#exchange.uploadBlocked && (this.#state === "body" || this.#state === "switched")) this.#socket.pause();
  }

  /** Routes the request whose head lies in `chunk` at `at`. Returns false when the connection was handed over. */
  #begin(chunk: Buffer, at: number): boolean {
    const route = this.#route();
    if (route.kind === "hand over") {
      this.#handOver(route, chunk, at);
      return false;
    }
    this.#deadline = Infinity;
    this.#state = this.#head.chunked || this.#head.contentLength > 0 ? "body" : "waiting";
    this.#awaited = 0;
    this.#pace.begin(this.#head.expectContinue ? this.#host.limits.idle : 0);
    if (route.kind === "refusal")
      this.#answer(route.refusal, this.#state === "waiting" && this.#head.keepAlive, undefined, route.location);
    else if (this.#head.contentLength > this.#exchange.upload.most) this.#refuse(refusals.PN_HTTP_BODY_TOO_LARGE);
    else this.#exchange.begin(route);
    return true;
  }

  /** A name asked for in the handshake binds all requests: who checked one host must not let another in (RFC 9110, section 7.4). */
  #route(): Route {
    const { serverName } = this.#arrival;
    const { host } = this.#head;
    if (serverName !== undefined && host !== serverName && host !== "") return MISDIRECTED;
    const route = this.#host.router(this.#head, this.#arrival);
    return this.#host.overloaded && route.kind === "upstream" ? OVERLOADED : route;
  }

  #handOver(route: Route & { kind: "hand over" }, chunk: Buffer, at: number): void {
    const socket = this.#socket;
    this.#state = "closed";
    this.#head.release();
    socket.pause();
    socket
      .off("data", this.#onData)
      .off("drain", this.#onDrain)
      .off("end", this.#onEnd)
      .off("error", this.#onError)
      .off("close", this.#onClose);
    this.#host.forget(this);
    socket.unshift(chunk.subarray(at));
    route.take(socket);
  }

  /** Keeps a part of a head, as a copy of its own size. */
  #hold(chunk: Buffer, at: number): void {
    if (this.#held.length === 0 && this.#deadline !== Infinity) {
      this.#deadline = Math.min(this.#deadline, performance.now() + this.#host.limits.head);
    }
    this.#held = at === 0 ? chunk : Buffer.from(chunk.subarray(at));
  }

  /** Keeps what follows a request until that one is answered; more is not read meanwhile. */
  #keep(chunk: Buffer, at: number): void {
    this.#held = chunk.subarray(at);
    this.#socket.pause();
  }

  #refuse(refusal: Refusal): void {
    this.#answer(refusal, false);
  }

  #answer(refusal: Refusal, reusable: boolean, requestId = nextRequestId(), location?: string): void {
    const close = !reusable || this.#host.closing;
    const { accept, versionMinor: visitorMinor, method } = this.#head;
    this.send(
      writeAnswer(refusal, {
        accept,
        requestId,
        close,
        visitorMinor,
        headOnly: method === "HEAD",
        now: new Date(),
        ...(location === undefined ? {} : { location }),
      }),
    );
    // Who does not read its answers gets no more of them: `drain` goes on.
    if (!close && this.#socket.writableLength > 0) this.#state = "waiting";
    else this.onAnswered(!close);
  }

  /** Sees to it that `drain` comes when the kernel has taken all: by itself it doesn't after a little that had to wait. */
  #watch(): void {
    const { writableLength, writableNeedDrain } = this.#socket;
    if (writableLength > 0 && !writableNeedDrain) this.#socket.write(NOTHING, this.#onDrain);
  }

  /** The last answer is on its way: half-close, and read what still comes for a while, so that no reset overtakes it. */
  #end(): void {
    this.#state = "lingering";
    this.#held = NOTHING;
    this.#head.release();
    this.#deadline = performance.now() + this.#host.limits.linger;
    this.#socket.end();
    this.#socket.resume();
  }

  #close(): void {
    this.#state = "closed";
    this.#socket.end();
  }
}
