import { release, TURN_END, type TurnTask } from "@postern/net";
import { HeldBytes } from "../../filters/held-bytes.js";
import type { BodyCoder, CodedSink } from "../../filters/response-filter.js";
import { WORK, type Coding } from "./coding.js";
import type { Encoder, EncoderSink } from "./encoder.js";
import { COMPRESSION_LIMITS, type EncoderPlace } from "./encoder-room.js";
import type { Encoders } from "./encoders.js";

export interface StreamCoderOptions {
  readonly coding: Coding;
  readonly encoders: Encoders;
  readonly place: EncoderPlace;
  /** `held`: nothing is compressed before the body is complete. `whole`: and the visitor gets its length. */
  readonly form: "stream" | "held" | "whole";
}

/**
 * Compresses a body on a thread: what has arrived by the end of a turn of the event loop is compressed together, and
 * reaches the visitor before more of the body arrives. A body that is complete by then needs no state between pieces.
 *
 *     waiting ──input──► queued ──a thread is free──► encoding ──► waiting, queued or over
 *        └──────the body is complete──────► deferred ──this turn, or one of the next──► over
 */
export class StreamCoder implements BodyCoder, EncoderSink, TurnTask {
  isWhole: boolean;
  readonly #coding: Coding;
  readonly #encoders: Encoders;
  readonly #place: EncoderPlace;
  readonly #isHeld: boolean;
  #sink: CodedSink | undefined;
  #state: "waiting" | "deferred" | "queued" | "encoding" | "over" = "waiting";
  readonly #pending = new HeldBytes();
  /** Bytes whose target was not told that they are taken. */
  #untaken = 0;
  #isComplete = false;
  #awaitsTurnEnd = false;
  #encoder: Encoder | undefined;
  /** What is being encoded, and whether the body ends with it. */
  #encoding: Buffer = NOTHING;
  #isLast = false;

  constructor({ coding, encoders, place, form }: StreamCoderOptions) {
    this.isWhole = form === "whole";
    this.#coding = coding;
    this.#encoders = encoders;
    this.#place = place;
    this.#isHeld = form !== "stream";
  }

  begin(sink: CodedSink): void {
    this.#sink = sink;
  }

  write(piece: Buffer): void {
    this.#pending.append(piece);
    this.#untaken += piece.length;
    this.#take();
    if (!this.#isHeld) this.#awaitTurnEnd();
  }

  end(): void {
    this.#isComplete = true;
    const isNew = this.#state === "waiting" && this.#encoder === undefined;
    const { name } = this.#coding;
    const isShort = isNew && this.#pending.length <= COMPRESSION_LIMITS.atOnce[name];
    if (isShort) {
      this.#state = "deferred";
      if (this.#place.atOnce.run(this.#pending.length * WORK[name], this.#encodeNow)) return;
      this.#state = "waiting";
    }
    this.#awaitTurnEnd();
  }

  /** While a thread works, its memory is in use: it is freed when the thread is done. */
  close(): void {
    const wasEncoding = this.#state === "encoding";
    this.#state = "over";
    this.#sink = undefined;
    this.#pending.drop();
    if (!wasEncoding) this.#leave(false);
  }

  onTurnEnd(): void {
    this.#awaitsTurnEnd = false;
    this.#continue();
  }

  // ---- EncoderSink

  onEncoded(bytes: Buffer): void {
    this.#guard(() => this.#sink?.onCoded(bytes));
  }

  onEncoderDone(): void {
    const isOver = this.#state === "over";
    this.#releaseInput();
    if (isOver) this.#leave(this.#isLast);
    else if (this.#isLast) this.#finish();
    else this.#state = "waiting";
    // Now, another body can use the encoder.
    this.#place.lane.give();
    if (isOver) return;
    this.#guard(() => {
      this.#take();
      if (this.#isLast) this.#sink?.onCodedEnd();
    });
    this.#continue();
  }

  onEncoderFailed(error: Error): void {
    if (this.#state === "encoding") this.#place.lane.give();
    const sink = this.#sink;
    this.#state = "over";
    this.#sink = undefined;
    this.#releaseInput();
    this.#pending.drop();
    this.#leave(false);
    sink?.onFault(error);
  }

  // ----

  /** While a thread works, the target sends what comes next. */
  #take(): void {
    const bytes = this.#untaken;
    if (bytes === 0 || this.#pending.length + this.#encoding.length > COMPRESSION_LIMITS.waiting) return;
    this.#untaken = 0;
    this.#sink?.onTaken(bytes);
  }

  #awaitTurnEnd(): void {
    if (this.#awaitsTurnEnd || this.#state !== "waiting") return;
    this.#awaitsTurnEnd = true;
    TURN_END.add(this);
  }

  #continue(): void {
    if (this.#state !== "waiting" || (this.#pending.length === 0 && !this.#isComplete)) return;
    this.#state = "queued";
    this.#place.lane.take(this.#begin);
  }

  /** A thread is free. */
  readonly #begin = (): boolean => {
    if (this.#state !== "queued") return false;
    this.#state = "encoding";
    const isForWhole =
      this.#encoder === undefined && this.#isComplete && this.#pending.length <= COMPRESSION_LIMITS.whole;
    if (isForWhole) this.isWhole = true;
    const encoder = (this.#encoder ??= this.#encoders.take(this.#coding, isForWhole));
    encoder.sink = this;
    this.#encoding = isForWhole ? this.#pending.takeAll() : (this.#pending.takeBlock() ?? NOTHING);
    this.#isLast = this.#isComplete && this.#pending.length === 0;
    encoder.run(this.#encoding, this.#isLast);
    return true;
  };

  #releaseInput(): void {
    release(this.#encoding.buffer);
    this.#encoding = NOTHING;
  }

  /** In this turn, or in one of the next. */
  readonly #encodeNow = (): void => {
    if (this.#state !== "deferred") return;
    this.#guard(() => {
      const body = this.#pending.takeAll();
      const encoded = this.#encoders.encodeAtOnce(this.#coding, body);
      release(body.buffer);
      this.isWhole = true;
      this.#finish();
      this.#sink?.onCoded(encoded);
      this.#sink?.onCodedEnd();
    });
  };

  /** All of the body is encoded. */
  #finish(): void {
    this.#state = "over";
    this.#leave(true);
  }

  #leave(isComplete: boolean): void {
    const encoder = this.#encoder;
    this.#encoder = undefined;
    if (encoder !== undefined) this.#encoders.give(encoder, isComplete);
    this.#place.leave();
  }

  /** Nothing else handles an error here, because a thread or a later turn has called. */
  #guard(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#sink?.onFault(error);
    }
  }
}

const NOTHING = Buffer.alloc(0);
