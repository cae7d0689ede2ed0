import { Body, type BodySink } from "./body.js";
import type { ByteStream, ByteStreamHandler, ResetReason } from "../upstream/byte-stream.js";
import { refusals, ResponseHead, worthReading, type Refusal, type RequestHead } from "../http/index.js";
import { nextRequestId } from "./request-id.js";
import { Replay } from "./replay.js";
import type { FinishedRequest, Route, UpstreamRoute } from "../route.js";

export const EXCHANGE_LIMITS = {
  /** Interim responses (1xx) that one request may get. */
  interim: 16,
} as const;
/** Up to this many bytes of body leave in one piece with their head. */
const SMALL_BODY = 16 * 1024;
/** Read and written within one turn, so one reader serves every exchange. */
const RESPONSE = new ResponseHead();

/** The visitor's side of an exchange. */
export interface ExchangeOwner {
  readonly address: string;
  /** Bytes given to the visitor's socket that the kernel has not taken. */
  readonly unsent: number;
  /** After this response the connection is to be closed. */
  readonly closing: boolean;
  /** Who the visitor is, in header lines. */
  identityLines(): string;
  /** Where this request goes by now. */
  reroute(): Route;
  send(chunk: Buffer): void;
  /** Two pieces that should leave as one. */
  sendBoth(head: Buffer, body: Buffer): void;
  /** The response is complete. `reusable`: the connection can take another request. */
  onAnswered(reusable: boolean): void;
  /** Nothing was answered; the visitor is to hear why. */
  onRefused(refusal: Refusal): void;
  /** The response broke off and must not look complete. */
  onBroken(): void;
  /** The protocol was switched: bytes go both ways from now on. */
  onSwitched(): void;
  /** After a switch: the origin half-closed. */
  onOriginEnd(): void;
  /** The upstream takes more of the request's body. */
  onUploadDrain(): void;
}

/**
 * One request and its response, between a visitor and a stream to the origin. Heads are read and written anew; bodies pass as they are.
 *
 *     head ──1xx──► head ──final head──► body ──its end──► over
 *       └────101──► switched ──both ends closed──► over
 */
export class Exchange implements ByteStreamHandler, BodySink, FinishedRequest {
  id = "";
  status = 0;
  startedAt = 0;
  readonly head: RequestHead;
  readonly upload = new Body();

  readonly #owner: ExchangeOwner;
  readonly #download = new Body();
  readonly #replay = new Replay();
  readonly #uploadSink: BodySink = { passBody: (chunk) => this.#passUpload(chunk) };
  #route: UpstreamRoute | undefined;
  #stream: ByteStream | undefined;
  #state: "over" | "head" | "body" | "answered" | "switched" = "over";
  /** Response bytes that are not yet a whole head. */
  #partialHead: Buffer | undefined;
  /** For how long that has been coming. */
  #headTime = 0;
  /** The written head, while it waits for the first of its body. */
  #lead: Buffer | undefined;
  #interim = 0;
  /** Bytes of the stream that have not left towards the visitor. */
  #owed = 0;
  #originKeepsAlive = false;
  #originTimeout = -1;
  #closesVisitor = false;
  #uploadBlocked = false;
  #rawIn = 0;
  #rawOut = 0;

  constructor(owner: ExchangeOwner, head: RequestHead) {
    this.#owner = owner;
    this.head = head;
  }

  get method(): string {
    return this.head.method;
  }

  get path(): string {
    return this.head.path;
  }

  get address(): string {
    return this.#owner.address;
  }

  get bytesIn(): number {
    return this.upload.bytes + this.#rawIn;
  }

  get bytesOut(): number {
    return this.#download.bytes + this.#rawOut;
  }

  get active(): boolean {
    return this.#state !== "over";
  }

  get switched(): boolean {
    return this.#state === "switched";
  }

  /** Sends the request whose head was just read. */
  begin(route: UpstreamRoute): void {
    const { head } = this;
    this.id = nextRequestId();
    this.#route = route;
    this.status = 0;
    this.startedAt = performance.now();
    this.#interim = this.#rawIn = this.#rawOut = 0;
    this.#uploadBlocked = false;
    this.upload.begin(
      head.chunked ? "chunked" : head.contentLength > 0 ? "length" : "none",
      head.contentLength,
      "chunks",
    );
    this.#download.begin("none", 0, "chunks");

    this.#replay.begin(head, !this.upload.done);
    const kept = this.#replay.mayUseKept ? route.pool.take(this.startedAt) : undefined;
    if (kept !== undefined) this.#replay.useKept();
    this.#send(kept);
  }

  /** Passes on what of `chunk`, from `at` on, belongs to the request's body. Returns where it ends, -1 when it is malformed. */
  readUpload(chunk: Buffer, at: number): number {
    return this.upload.read(chunk, at, this.#uploadSink);
  }

  /** Whether the upstream wants no more of the body for now. */
  get uploadBlocked(): boolean {
    return this.#uploadBlocked && this.active;
  }

  /** After a switch: bytes of the visitor. */
  forward(chunk: Buffer): void {
    this.#rawIn += chunk.length;
    this.#passUpload(chunk);
  }

  /** After a switch: the visitor half-closed. */
  forwardEnd(): void {
    this.#stream?.end();
  }

  /** Whether the origin has yet to begin its final answer. */
  get awaitsAnswer(): boolean {
    return this.#state === "head";
  }

  /** `elapsed` milliseconds passed. @returns for how many the origin has been at the head that it sends; a 1xx is one of its own. */
  headWaited(elapsed: number): number {
    return this.#partialHead === undefined ? 0 : (this.#headTime += elapsed);
  }

  /** Ends it for a fault of the request's or of the origin's: with `refusal`, or broken where an answer has begun. */
  fail(refusal: Refusal): void {
    if (this.#state === "over") return;
    this.#stream?.reset();
    if (this.#state === "head") return this.#refuse(refusal);
    this.#finish(this.status);
    this.#owner.onBroken();
  }

  /** The visitor is gone. */
  abort(): void {
    if (this.#state === "over") return;
    this.#stream?.reset();
    this.#finish(this.status === 0 ? 499 : this.status);
  }

  /** The visitor's socket has taken what it was given. */
  settle(): void {
    if (this.#owed > 0) {
      const taken = this.#owed - Math.min(this.#owed, this.#owner.unsent);
      this.#owed -= taken;
      if (taken > 0) this.#stream?.consumed(taken);
    }
    if (this.#state === "answered" && this.#owed === 0) this.#complete();
  }

  // ---- what the origin's stream tells

  onData(chunk: Buffer): void {
    this.#replay.end();
    this.#owed += chunk.length;
    if (this.#state === "head") this.#readHead(chunk);
    else if (this.#state === "body") this.#readBody(chunk, 0);
    else if (this.#state === "switched") {
      this.#rawOut += chunk.length;
      this.#owner.send(chunk);
    } else this.#originKeepsAlive = false;
    this.settle();
  }

  onEnd(): void {
    if (this.#state === "switched") return this.#owner.onOriginEnd();
    this.#originKeepsAlive = false;
    if (this.#state === "answered") return;
    if (this.#state === "body" && this.#download.framing === "close") {
      this.#state = "answered";
      this.settle();
    } else {
      this.#stream?.reset();
      this.onReset({ code: "PN_ORIGIN_BROKEN", delivered: -1 });
    }
  }

  onReset(reason: ResetReason): void {
    const state = this.#state;
    const sent = state === "head" ? this.#replay.take(reason) : undefined;
    if (sent !== undefined) return this.#repeat(sent);
    if (state === "answered") {
      this.#originKeepsAlive = false;
      this.#stream = undefined;
      return;
    }
    this.#stream = undefined;
    if (state === "head") this.#refuse(refusalFor(reason.code));
    else if (state !== "over") {
      this.#finish(this.status);
      this.#owner.onBroken();
    }
  }

  onDrain(): void {
    this.#uploadBlocked = false;
    this.#owner.onUploadDrain();
  }

  passBody(chunk: Buffer): void {
    const lead = this.#lead;
    if (lead === undefined) return this.#owner.send(chunk);
    this.#lead = undefined;
    if (chunk.length <= SMALL_BODY) this.#owner.send(Buffer.concat([lead, chunk], lead.length + chunk.length));
    else this.#owner.sendBoth(lead, chunk);
  }

  /** Sends the head, on a stream that was kept or on a fresh one. */
  #send(kept: ByteStream | undefined): void {
    this.#state = "head";
    this.#owed = this.#headTime = 0;
    const { pool, hostHeader } = this.#route as UpstreamRoute;
    if (kept === undefined) pool.makeRoom(performance.now());
    const unavailable = kept === undefined ? pool.upstream.unavailable : undefined;
    if (unavailable !== undefined) return this.#refuse(unavailable);
    this.#stream = kept ?? pool.upstream.dial();
    this.#stream.handler = this;
    const identity = `${this.#owner.identityLines()}X-Request-Id: ${this.id}\r\n`;
    this.#write(this.head.write(identity, hostHeader === undefined ? undefined : { hostHeader }));
  }

  /** Sends the request again, to where it belongs by now. */
  #repeat(body: readonly Buffer[]): void {
    const route = this.#owner.reroute();
    if (route.kind === "refusal") return this.#refuse(route.refusal);
    if (route.kind === "hand over") return this.#refuse(refusals.PN_TUNNEL_AWAY);
    this.#route = route;
    this.#uploadBlocked = false;
    this.#send(undefined);
    for (const chunk of body) this.#write(chunk);
    if (!this.#uploadBlocked) this.#owner.onUploadDrain();
  }

  #passUpload(chunk: Buffer): void {
    this.#replay.keep(chunk);
    this.#write(chunk);
  }

  #write(chunk: Buffer): void {
    if (this.#stream !== undefined && !this.#stream.write(chunk)) this.#uploadBlocked = true;
  }

  #readHead(piece: Buffer): void {
    const chunk = this.#partialHead === undefined ? piece : Buffer.concat([this.#partialHead, piece]);
    if (this.#partialHead !== undefined && !worthReading(piece, chunk.length)) {
      this.#partialHead = chunk;
      return;
    }
    let at = 0;
    while (this.#state === "head") {
      const rest = at === 0 ? chunk : chunk.subarray(at);
      const length = RESPONSE.read(rest, 0, rest.length, this.head.method, this.head.upgrade);
      if (length < 0) return this.fail(refusals.PN_ORIGIN_INVALID);
      // A copy: what is left of a larger message would keep all of it.
      this.#partialHead = length === 0 && rest.length > 0 ? Buffer.from(rest) : undefined;
      if (length === 0) return;
      this.#headTime = 0;
      at += length;
      if (RESPONSE.status >= 200 || RESPONSE.status === 101) return this.#answer(chunk, at);
      if (!this.#passInterim()) return this.fail(refusals.PN_ORIGIN_INVALID);
    }
  }

  /** Passes a 1xx on, to those who know it. */
  #passInterim(): boolean {
    if (++this.#interim > EXCHANGE_LIMITS.interim) return false;
    if (this.head.versionMinor === 1) this.#owner.send(RESPONSE.write({ visitorMinor: 1, close: false }));
    return true;
  }

  /** The final head has been read; `chunk` from `at` on is what follows it. */
  #answer(chunk: Buffer, at: number): void {
    const { versionMinor, keepAlive } = this.head;
    this.status = RESPONSE.status;
    const close = !keepAlive || this.#owner.closing || !this.upload.done;
    const options = { visitorMinor: versionMinor, close };
    this.#lead = RESPONSE.write(options);
    this.#originKeepsAlive = RESPONSE.keepAlive;
    this.#originTimeout = RESPONSE.keepAliveTimeout;
    if (this.status === 101) {
      this.#state = "switched";
      this.#rawOut = chunk.length - at;
      this.#owner.onSwitched();
      if (at < chunk.length) return this.passBody(chunk.subarray(at));
      this.#owner.send(this.#takeLead());
      return;
    }
    this.#state = "body";
    this.#download.begin(RESPONSE.body, RESPONSE.contentLength, versionMinor === 1 ? "chunks" : "data");
    this.#closesVisitor = RESPONSE.closes(options);
    this.#readBody(chunk, at);
    if (this.#lead !== undefined) this.#owner.send(this.#takeLead());
  }

  #takeLead(): Buffer {
    const lead = this.#lead as Buffer;
    this.#lead = undefined;
    return lead;
  }

  #readBody(chunk: Buffer, at: number): void {
    const end = this.#download.read(chunk, at, this);
    if (end < 0) return this.fail(refusals.PN_ORIGIN_INVALID);
    if (!this.#download.done) return;
    if (end < chunk.length) this.#originKeepsAlive = false;
    this.#state = "answered";
  }

  /** Everything of the response has left: the stream goes back, and the visitor may go on. */
  #complete(): void {
    const stream = this.#stream;
    const { pool } = this.#route as UpstreamRoute;
    const reusable = !this.#closesVisitor && this.upload.done;
    if (stream !== undefined) {
      if (this.#originKeepsAlive && this.upload.done) pool.give(stream, performance.now(), this.#originTimeout);
      else if (this.upload.done) pool.letGo(stream, performance.now());
      else stream.reset();
    }
    this.#finish(this.status);
    this.#owner.onAnswered(reusable);
  }

  #refuse(refusal: Refusal): void {
    this.#finish(refusal.status);
    this.#owner.onRefused(refusal);
  }

  #finish(status: number): void {
    this.status = status;
    this.#state = "over";
    this.#stream = undefined;
    this.#replay.end();
    this.#partialHead = this.#lead = undefined;
    this.#owed = 0;
    this.#route?.onFinished(this);
    this.#route = undefined;
  }
}

/** What a visitor is told of a stream that broke before an answer. */
function refusalFor(code: string): Refusal {
  switch (code) {
    case "PN_DIAL_REFUSED":
    case "PN_DIAL_FAILED":
      return refusals.PN_ORIGIN_REFUSED;
    case "PN_DIAL_TIMEOUT":
      return refusals.PN_ORIGIN_TIMEOUT;
    case "PN_SESSION_LOST":
    case "PN_DRAINING":
    case "PN_TUNNEL_UNBOUND":
      return refusals.PN_TUNNEL_AWAY;
    case "PN_STREAM_LIMIT":
      return refusals.PN_OVERLOADED;
    default:
      return refusals.PN_ORIGIN_BROKEN;
  }
}
