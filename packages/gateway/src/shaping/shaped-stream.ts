import type { ByteStream, ByteStreamHandler, ResetReason } from "@postern/net";
import { Turn, type Shaper } from "./shaper.js";

/** Credit in bytes that is returned in one turn, so that all streams get the same. */
const PORTION = 16 * 1024;
/** Less credit than this is kept: many responses are over before there is more, and its bytes would not come. */
const LEAST = 4 * 1024;

const NOBODY: ByteStreamHandler = { onData() {}, onEnd() {}, onReset() {}, onDrain() {} };

/**
 * A stream whose bytes count for a limit of its destination in each direction. While the limit is exceeded, it returns
 * no credit, accepts no more of a request, and holds the beginning of a new request. It drops and keeps no other bytes.
 */
export class ShapedStream implements ByteStream, ByteStreamHandler {
  handler: ByteStreamHandler = NOBODY;
  readonly #stream: ByteStream;
  readonly #down: Shaper;
  readonly #up: Shaper;
  readonly #downTurn = new Turn(() => this.#onDownTurn());
  readonly #upTurn = new Turn(() => this.#onUpTurn());
  /** Bytes that were consumed, and whose credit was not returned. */
  #owed = 0;
  /** Bytes that were paid for when their credit was returned, and that have not arrived. */
  #promised = 0;
  /** Whether the next bytes to write may be the beginning of a request. */
  #isAtStart = true;
  /** The beginning of a request that waits. */
  #held: Buffer[] | undefined;
  #endsAfterHeld = false;
  #isStreamBlocked = false;
  /** Whether nothing more will arrive. */
  #isEnded = false;
  #isOver = false;

  constructor(stream: ByteStream, down: Shaper, up: Shaper) {
    this.#stream = stream;
    this.#down = down;
    this.#up = up;
    stream.handler = this;
  }

  // ---- ByteStream

  get unsent(): number {
    return this.#stream.unsent + (this.#held?.reduce((sum, { length }) => sum + length, 0) ?? 0);
  }

  write(chunk: Buffer): boolean {
    if (this.#held === undefined && (!this.#isAtStart || this.#down.isOpen)) return this.#send(chunk);
    // The caller stops after this, so what is held is at most a head and the bytes that were read with it.
    (this.#held ??= []).push(Buffer.from(chunk));
    this.#down.wait(this.#downTurn);
    return false;
  }

  end(): void {
    if (this.#held !== undefined) {
      this.#endsAfterHeld = true;
      return;
    }
    this.#returnAll();
    this.#stream.end();
  }

  reset(): void {
    this.#finish();
    this.#stream.reset();
  }

  /** What is held is sent first: it may exceed the limit, but this is the end. */
  resetAfterFlush(): void {
    this.#sendHeld();
    this.#finish();
    this.#stream.resetAfterFlush();
  }

  consumed(bytes: number): void {
    this.#owed += bytes;
    if (this.#isEnded) return this.#returnAll();
    while (this.#owed >= LEAST && this.#down.isOpen) this.#returnPortion();
    if (this.#owed >= LEAST) this.#down.wait(this.#downTurn);
  }

  // ---- events from the stream

  onData(chunk: Buffer): void {
    this.#isAtStart = true;
    const paid = Math.min(this.#promised, chunk.length);
    this.#promised -= paid;
    this.#down.spend(chunk.length - paid);
    this.handler.onData(chunk);
  }

  onEnd(): void {
    this.#expectNothing();
    this.handler.onEnd();
  }

  onReset(reason: ResetReason): void {
    this.#finish();
    this.handler.onReset(reason);
  }

  onDrain(): void {
    this.#isStreamBlocked = false;
    this.#drain();
  }

  // ---- turns

  #onDownTurn(): void {
    if (this.#sendHeld()) this.#drain();
    if (this.#isOver || this.#isEnded) return;
    if (this.#owed >= LEAST) this.#returnPortion();
    if (this.#owed >= LEAST) this.#down.wait(this.#downTurn);
  }

  #onUpTurn(): void {
    this.#drain();
  }

  // ----

  #send(chunk: Buffer): boolean {
    this.#isAtStart = false;
    this.#up.spend(chunk.length);
    if (!this.#stream.write(chunk)) this.#isStreamBlocked = true;
    if (!this.#up.isOpen) this.#up.wait(this.#upTurn);
    return !this.#isBlocked;
  }

  get #isBlocked(): boolean {
    return this.#held !== undefined || this.#isStreamBlocked || this.#upTurn.isWaiting;
  }

  #drain(): void {
    if (!this.#isBlocked && !this.#isOver) this.handler.onDrain();
  }

  /** @returns whether something was held */
  #sendHeld(): boolean {
    const held = this.#held;
    if (held === undefined) return false;
    this.#held = undefined;
    for (const chunk of held) this.#send(chunk);
    if (this.#endsAfterHeld) this.end();
    return true;
  }

  #returnPortion(): void {
    const portion = Math.min(this.#owed, PORTION);
    this.#owed -= portion;
    this.#down.spend(portion);
    this.#promised += portion;
    this.#stream.consumed(portion);
  }

  /** The end of a stream tells the peer how much was consumed. */
  #returnAll(): void {
    const rest = this.#owed;
    this.#owed = 0;
    if (rest === 0) return;
    if (!this.#isEnded) {
      this.#down.spend(rest);
      this.#promised += rest;
    }
    this.#stream.consumed(rest);
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#down.leave(this.#downTurn);
    this.#up.leave(this.#upTurn);
    this.#held = undefined;
    this.#expectNothing();
  }

  #expectNothing(): void {
    this.#isEnded = true;
    this.#down.refund(this.#promised);
    this.#promised = 0;
    this.#returnAll();
  }
}
