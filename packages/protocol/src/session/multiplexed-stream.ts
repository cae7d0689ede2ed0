import { errorCode, ERRORS, type ErrorCode } from "../errors.js";
import { Flag } from "../wire/frame.js";
import type { ReceiveWindow } from "./receive-window.js";
import { SendSide, type SendSideOwner } from "./send-side.js";
import type { Sender } from "./sender.js";
import { streamReset, type StreamReset } from "./stream-reset.js";
import type { Stream, StreamHandler } from "./stream.js";

/** While more than this is queued, in bytes, `write` asks its caller to pause. */
const HIGH_WATER = 16 * 1024;
/** A reader that consumes within this many milliseconds, or within a round trip, does not limit the rate. */
const PROMPT = 5;

const NO_HANDLER: StreamHandler = { onData() {}, onEnd() {}, onReset() {}, onDrain() {} };

/** The frames exchanged so far decide the state: FIN sent closes the local half, FIN received the remote half. */
export type StreamState = "open" | "half-closed-local" | "half-closed-remote" | "closed";

/** What follows the queued bytes. */
export type PendingEnd = "none" | "fin" | "reset" | "fin-then-reset";

export interface StreamOwner {
  /** The stream is closed and no longer counts as open. */
  forget(stream: MultiplexedStream): void;
}

/**
 * The implementation of Stream, driven by the session's frames.
 *
 *     open ── FIN sent ──────► half-closed-local ─── FIN received ──► closed
 *       ├──── FIN received ──► half-closed-remote ── FIN sent ──────► closed
 *       └──── RESET sent or received, session lost (from any state) ► closed
 *
 * FIN is sent when the queue is empty; until then it is pending. So is a RESET that must not overtake queued bytes.
 */
export class MultiplexedStream implements Stream, SendSideOwner {
  readonly id: number;
  readonly tunnel: number;
  handler: StreamHandler = NO_HANDLER;
  peerDelivered = 0;
  readonly window: ReceiveWindow;
  readonly sendSide: SendSide;
  readonly #sender: Sender;
  readonly #owner: StreamOwner;
  #state: StreamState = "open";
  #pending: PendingEnd = "none";
  /** The code of a pending RESET. */
  #resetCode: ErrorCode = "PN_CANCELLED";
  /** Whether `write` has asked its caller to pause. */
  #paused = false;
  /** When the latest DATA arrived, if it had the flag BLOCKED; otherwise -1. */
  #blockedAt = -1;

  constructor(
    id: number,
    tunnel: number,
    sendLimit: number,
    window: ReceiveWindow,
    sender: Sender,
    owner: StreamOwner,
  ) {
    this.id = id;
    this.tunnel = tunnel;
    this.window = window;
    this.sendSide = new SendSide(id, sendLimit, this);
    this.#sender = sender;
    this.#owner = owner;
  }

  get over(): boolean {
    return this.#state === "closed";
  }

  get unsent(): number {
    return this.sendSide.queue.length;
  }

  write(chunk: Buffer): boolean {
    if (!this.#writable || chunk.length === 0) return true;
    const { queue } = this.sendSide;
    const sent = queue.length === 0 ? this.#sender.sendNow(this.sendSide, chunk) : 0;
    if (sent < chunk.length) {
      queue.push(sent === 0 ? chunk : chunk.subarray(sent));
      this.#sender.enqueue(this.sendSide);
    }
    this.#paused = queue.length > HIGH_WATER || this.#shouldWait(chunk.length);
    return !this.#paused;
  }

  end(): void {
    if (!this.#writable) return;
    this.#pending = "fin";
    if (this.sendSide.queue.length === 0) this.#sendPending();
  }

  reset(code: ErrorCode = "PN_CANCELLED"): void {
    // Bytes of a closed stream will not be consumed any more.
    if (this.over) return this.window.close();
    this.#sender.reset(this.id, ERRORS[code].number, this.window.consumed);
    this.#close();
    this.window.close();
  }

  resetAfterFlush(code: ErrorCode = "PN_LOCAL_RESET"): void {
    if (this.over) return this.window.close();
    if (this.#pending === "reset" || this.#pending === "fin-then-reset") return;
    this.#pending = this.#pending === "fin" ? "fin-then-reset" : "reset";
    this.#resetCode = code;
    if (this.sendSide.queue.length === 0) this.#sendPending();
  }

  consumed(bytes: number): void {
    this.window.consume(bytes);
    if (this.over && this.window.empty) this.window.close();
    if (this.over || this.#state === "half-closed-remote") return;
    if (this.#blockedAt >= 0 && this.window.empty) this.#enlarge();
    const limit = this.window.announce();
    if (limit > 0) this.#sender.window(this.id, limit);
  }

  // ---- events from the sender and the session

  onDequeued(): void {
    const { length } = this.sendSide.queue;
    if (length === 0 && this.#pending !== "none") return this.#sendPending();
    if (!this.#paused || length > HIGH_WATER) return;
    this.#paused = false;
    this.handler.onDrain();
  }

  /** DATA arrived. Returns false when the peer had no credit for it, or had sent FIN. */
  receiveData(flags: number, payload: Buffer): boolean {
    const window = this.window;
    if (window.received + payload.length > window.limit || this.#state === "half-closed-remote") return false;
    window.receive(payload.length);
    this.#blockedAt = (flags & Flag.BLOCKED) !== 0 ? this.#sender.receivedAt : -1;
    this.handler.onData(payload);
    if (this.#blockedAt >= 0 && !this.over) this.consumed(0);
    return true;
  }

  receiveWindow(limit: number): void {
    if (limit <= this.sendSide.limit) return;
    this.sendSide.limit = limit;
    if (this.sendSide.queue.length > 0) this.#sender.enqueue(this.sendSide);
  }

  receiveFin(delivered: number): void {
    if (this.#state === "half-closed-remote") return;
    this.peerDelivered = delivered;
    if (this.#state === "half-closed-local") this.#close();
    else this.#state = "half-closed-remote";
    this.handler.onEnd();
  }

  receiveReset(error: number, delivered: number): void {
    this.abort(streamReset(errorCode(error), delivered));
  }

  /** The peer reset the stream, or the session is lost. */
  abort(reason: StreamReset): void {
    if (this.over) return;
    const handler = this.handler;
    this.#close();
    this.window.close();
    handler.onReset(reason);
  }

  // ---- internals

  /**
   * Whether the caller of `write` should wait although nothing is queued: the next chunk, probably as large as this
   * one, would be copied twice.
   */
  #shouldWait(written: number): boolean {
    const { queue, credit } = this.sendSide;
    if (written < HIGH_WATER || queue.length > 0 || credit === 0 || this.#sender.accepts(this.sendSide)) return false;
    this.#sender.enqueue(this.sendSide);
    return true;
  }

  get #writable(): boolean {
    return this.#pending === "none" && (this.#state === "open" || this.#state === "half-closed-remote");
  }

  /** Sends the pending FIN, RESET or both. Call it when the queue is empty. */
  #sendPending(): void {
    const pending = this.#pending;
    this.#pending = "none";
    if (pending !== "reset") {
      this.#sender.fin(this.id, this.window.consumed);
      if (this.#state === "half-closed-remote") this.#close();
      else this.#state = "half-closed-local";
    }
    if (pending !== "fin") this.reset(this.#resetCode);
  }

  /**
   * Enlarges the window if the window limits the rate: the sender stopped at its end, and everything received is
   * consumed. If the reader took longer than a round trip, the reader limits the rate instead.
   */
  #enlarge(): void {
    const waited = this.#sender.now - this.#blockedAt;
    this.#blockedAt = -1;
    if (waited <= Math.max(this.#sender.baseRtt, PROMPT)) this.window.enlarge();
  }

  #close(): void {
    this.#state = "closed";
    // The sender may still call `onDequeued`.
    this.#pending = "none";
    this.#paused = false;
    this.sendSide.queue.clear();
    // Bytes that are not consumed yet still occupy their memory.
    if (this.window.empty) this.window.close();
    this.#owner.forget(this);
  }
}
