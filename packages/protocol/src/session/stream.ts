import { errorCode, ERRORS, type ErrorCode } from "../errors.js";
import { Flag } from "../wire/frame.js";
import type { ReceiveWindow } from "./receive-window.js";
import { SendQueue } from "./send-queue.js";
import type { Sender } from "./sender.js";

/** While more than this waits to be sent, `write` asks its caller to pause. In bytes. */
const HIGH_WATER = 16 * 1024;
/** A reader that consumes within this many milliseconds, or within a round trip, is not what limits the rate. */
const PROMPT = 5;

/** What a stream tells its owner. After `onReset` nothing more comes; after `onEnd` the other direction stays open. */
export interface StreamHandler {
  /** Bytes arrived: a view into a larger message, valid as long as it is held. Give every byte back with `consumed`. */
  onData(chunk: Buffer): void;
  onEnd(): void;
  onReset(reason: StreamReset): void;
  onDrain(): void;
}

export interface StreamReset {
  code: ErrorCode;
  /** Bytes of ours that the peer handed to its local service; -1 when the session broke and nobody knows. */
  delivered: number;
}

const NOBODY: StreamHandler = { onData() {}, onEnd() {}, onReset() {}, onDrain() {} };

/** What a stream needs of its session besides the way out. */
export interface StreamOwner {
  readonly sender: Sender;
  /** The stream is over: its id is free of meaning, its window returns. */
  forget(stream: Stream): void;
}

/**
 * One multiplexed stream: PROTOCOL.md, section 5. It behaves like a TCP connection.
 *
 *            end() / FIN sent                  FIN received
 *     open ───────────────────► half-closed ─────────────────► over
 *       └── FIN received ─────► half-closed ── end() ────────► over
 *       └── reset(), breakOff(), RESET received, session lost ► over
 */
export class Stream {
  readonly id: number;
  /** The tunnel it was opened for. */
  readonly tunnel: number;
  handler: StreamHandler = NOBODY;

  /** Bytes written by us and sent, and the offset up to which the peer lets us send. */
  sent = 0;
  sendLimit: number;
  readonly queue = new SendQueue();
  /** Whether it waits in the sender's round. */
  waiting = false;
  /** Where the session's count of sent bytes stood after this stream's last frame. */
  sentMark = 0;
  /** Bytes of ours that the peer had handed to its local service when it said FIN. */
  peerDelivered = 0;

  readonly window: ReceiveWindow;
  readonly #owner: StreamOwner;
  /** What follows the queued bytes: FIN, RESET with this code, or one after the other. */
  #ending = false;
  #breaking: ErrorCode | undefined;
  #finSent = false;
  #finReceived = false;
  #over = false;
  #blocked = false;
  /** When DATA came whose sender had more and was at its window's end; -1 when the latest was not such. */
  #blockedAt = -1;

  constructor(id: number, tunnel: number, sendLimit: number, window: ReceiveWindow, owner: StreamOwner) {
    this.id = id;
    this.tunnel = tunnel;
    this.sendLimit = sendLimit;
    this.window = window;
    this.#owner = owner;
  }

  get over(): boolean {
    return this.#over;
  }

  /** Bytes the peer's window still takes. */
  get credit(): number {
    return this.sendLimit - this.sent;
  }

  /** Sends or queues `chunk`; it is copied, so the caller may use its buffer again. Returns false when the caller should wait for `onDrain`. */
  write(chunk: Buffer): boolean {
    if (this.#over || this.#ending || this.#breaking !== undefined || chunk.length === 0) return true;
    const sender = this.#owner.sender;
    const taken = this.queue.length === 0 ? sender.sendNow(this, chunk) : 0;
    if (taken < chunk.length) {
      this.queue.push(taken === 0 ? chunk : chunk.subarray(taken));
      sender.wait(this);
    }
    this.#blocked = this.queue.length > HIGH_WATER;
    return !this.#blocked;
  }

  /** Half-close, behind what is queued. */
  end(): void {
    if (this.#over || this.#ending || this.#breaking !== undefined) return;
    this.#ending = true;
    if (this.queue.length === 0) this.#sendLast();
  }

  /** Gives up both directions at once. Can be called twice. */
  reset(code: ErrorCode = "PN_CANCELLED"): void {
    // Also behind the last byte: what was not consumed will not be.
    if (this.#over) return this.window.close();
    this.#owner.sender.reset(this, ERRORS[code].number, this.window.consumed);
    this.#finish();
    this.window.close();
  }

  /** Gives up both directions behind what is queued, and behind its end: the local side broke after it had said all this. */
  breakOff(code: ErrorCode): void {
    if (this.#over) return this.window.close();
    this.#breaking ??= code;
    if (this.queue.length === 0) this.#sendLast();
  }

  /** `bytes` of what arrived have left for good; as much may arrive anew. */
  consumed(bytes: number): void {
    this.window.consumed += bytes;
    if (this.#over && this.window.empty) this.window.close();
    if (this.#over || this.#finReceived) return;
    if (this.#blockedAt >= 0 && this.window.empty) this.#enlarge();
    const limit = this.window.announce();
    if (limit > 0) this.#owner.sender.window(this, limit);
  }

  /**
   * The sender had stopped at the window's end and our reader has nothing left: the window is what limits the rate. Unless the reader took
   * longer than the path does: then it is the reader.
   */
  #enlarge(): void {
    const { sender } = this.#owner;
    const prompt = sender.now - this.#blockedAt <= Math.max(sender.inFlight.roundTrip, PROMPT);
    this.#blockedAt = -1;
    if (prompt) this.window.enlarge();
  }

  /** The sender took bytes from the queue. */
  dequeued(): void {
    if (this.queue.length === 0 && (this.#ending || this.#breaking !== undefined)) return this.#sendLast();
    if (!this.#blocked || this.queue.length > HIGH_WATER) return;
    this.#blocked = false;
    this.handler.onDrain();
  }

  /** DATA arrived. Returns false when it is beyond what was granted. */
  receiveData(flags: number, payload: Buffer): boolean {
    const window = this.window;
    if (window.received + payload.length > window.limit || this.#finReceived) return false;
    const behind = !window.empty;
    window.received += payload.length;
    this.#blockedAt = (flags & Flag.BLOCKED) !== 0 ? this.#owner.sender.heardAt : -1;
    this.handler.onData(behind ? ownCopy(payload) : payload);
    if (this.#blockedAt >= 0 && !this.#over) this.consumed(0);
    return true;
  }

  receiveWindow(limit: number): void {
    if (limit <= this.sendLimit) return;
    this.sendLimit = limit;
    if (this.queue.length > 0) this.#owner.sender.wait(this);
  }

  receiveFin(delivered: number): void {
    if (this.#finReceived) return;
    this.#finReceived = true;
    this.peerDelivered = delivered;
    const over = this.#finSent;
    if (over) this.#finish();
    this.handler.onEnd();
  }

  receiveReset(error: number, delivered: number): void {
    this.lose({ code: errorCode(error), delivered });
  }

  /** The stream broke. */
  lose(reason: StreamReset): void {
    if (this.#over) return;
    const handler = this.handler;
    this.#finish();
    this.window.close();
    handler.onReset(reason);
  }

  #sendLast(): void {
    if (this.#ending && !this.#finSent) {
      this.#finSent = true;
      this.#owner.sender.fin(this, this.window.consumed);
      if (this.#finReceived) this.#finish();
    }
    if (this.#breaking !== undefined) this.reset(this.#breaking);
  }

  #finish(): void {
    this.#over = true;
    this.queue.clear();
    // What is not consumed yet takes its memory on.
    if (this.window.empty) this.window.close();
    this.#owner.forget(this);
  }
}

/** A view keeps all that was read with it; behind a reader that waits, many small ones would keep many times the window. */
function ownCopy(view: Buffer): Buffer {
  if (view.length * 4 >= view.buffer.byteLength) return view;
  const copy = Buffer.allocUnsafeSlow(view.length);
  view.copy(copy);
  return copy;
}
