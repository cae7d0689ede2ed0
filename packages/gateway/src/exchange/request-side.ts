import type { ByteStream, ResetReason } from "@postern/net";
import { writeChunk, writeLastChunk, type ChunkForm, type Request } from "../http/index.js";
import type { RetryPolicy } from "../upstream/attempt.js";
import { Replay } from "./replay.js";

const NOTHING = Buffer.alloc(0);

/**
 * Sends one request to the upstream: adds chunk framing if needed, tracks whether the upstream accepts more, and keeps
 * the parts that may have to be sent again. Reused.
 */
export class RequestSide {
  /** Whether the whole request has been sent. */
  isDone = true;
  /** Whether the upstream accepts no more of the body until `onDrain`. */
  isBlocked = false;
  readonly #replay: Replay;
  #stream: ByteStream | undefined;
  /** Whether the body arrives without chunk framing and is sent in chunks. */
  #addsFraming = false;

  /** @param keptBytes the maximum number of body bytes that are kept to be sent again */
  constructor(keptBytes: number) {
    this.#replay = new Replay(keptBytes);
  }

  /** @param form the form in which a chunked body is passed to `body` */
  begin(request: Request, form: ChunkForm): void {
    const hasBody = request.chunked || request.contentLength > 0;
    this.isDone = !hasBody;
    this.isBlocked = false;
    this.#addsFraming = request.chunked && form === "data";
    this.#replay.begin(request, hasBody);
  }

  get isIdempotent(): boolean {
    return this.#replay.isIdempotent;
  }

  get mayUseIdle(): boolean {
    return this.#replay.mayUseIdle;
  }

  /** Sends the head on a stream that was idle, or on a new one. */
  send(head: Buffer, stream: ByteStream, wasIdle: boolean): void {
    this.#stream = stream;
    this.isBlocked = false;
    if (wasIdle) this.#replay.useIdle();
    this.#write(head);
  }

  /** Sends the parts of the body that were sent before. */
  sendAgain(sent: readonly Buffer[]): void {
    for (const chunk of sent) this.#write(chunk);
  }

  /** Sends a part of the body, which must not be empty. */
  body(chunk: Buffer): void {
    this.#pass(this.#addsFraming ? writeChunk(chunk) : chunk);
  }

  /** Ends the body. `trailers` are complete field lines. In the form `chunks` the body already contained them. */
  bodyEnd(trailers: Buffer = NOTHING): void {
    if (this.isDone) return;
    this.isDone = true;
    if (this.#addsFraming) this.#pass(writeLastChunk(trailers));
  }

  /** The request will not be sent again: a response has begun. */
  forgetSent(): void {
    this.#replay.end();
  }

  /** The parts of the body that were sent; undefined if the request cannot be sent again. */
  get sent(): readonly Buffer[] | undefined {
    return this.#replay.sent;
  }

  /** The parts of the body to send again after the stream broke; undefined when the request may not be sent again. */
  takeSent(reason: ResetReason, policy: RetryPolicy): readonly Buffer[] | undefined {
    return this.#replay.take(reason, policy);
  }

  /** The exchange is over. */
  finish(): void {
    this.#replay.end();
    this.#stream = undefined;
    this.isBlocked = false;
  }

  #pass(chunk: Buffer): void {
    this.#replay.keep(chunk);
    this.#write(chunk);
  }

  #write(chunk: Buffer): void {
    if (this.#stream !== undefined && !this.#stream.write(chunk)) this.isBlocked = true;
  }
}
