import { release } from "@postern/net";
import type { ResponseEdits, ResponseWriter } from "../exchange/visitor-side.js";
import { writeLastChunk, type ChunkForm, type Refusal } from "../http/index.js";
import type { EditedHead } from "./edited-head.js";
import { BLOCK, BODY_MEMORY, HeldBytes } from "./held-bytes.js";
import type { BodyCoder, CodedSink } from "./response-filter.js";

/** Coded bytes that may wait for the visitor before the target has to wait, too. */
const MOST_UNSENT = 128 * 1024;

/** The parts of a writer that a filtered body uses. */
export type CodedBodyWriter = Pick<ResponseWriter, "onResponse" | "onBody" | "onTrailers" | "onEnd" | "onFlush">;

/** The parts of a visitor that a filtered body uses. */
export interface FilteredBodyOwner {
  /** Called when `bytes` of the body, as the target sent it, are done with. */
  onSent(bytes: number): void;
  /** The body cannot be coded. */
  onFailed(refusal: Refusal): void;
  /** There was an error in the coder. */
  onFault(error: unknown): void;
}

/**
 * One body on its way through a coder to a visitor. The exchange gets its credit back when the coder has taken its
 * bytes and the visitor reads what became of them. The credit of the last byte is kept until the whole coded body has
 * been sent, so that the exchange is not over before. Any byte may be the last one, unless the length is known.
 */
export class FilteredBody implements CodedSink {
  readonly #head: EditedHead;
  readonly #edits: ResponseEdits;
  readonly #coder: BodyCoder;
  readonly #writer: CodedBodyWriter;
  readonly #owner: FilteredBodyOwner;
  /** The form in which the writer takes the body; undefined: the head has not been passed on. */
  #form: ChunkForm | undefined;
  /** The coded body, if its length must be known before its head is passed on. */
  readonly #whole = new HeldBytes();
  /** Bytes that the target has still to send; NaN if unknown. */
  #missing: number;
  /** Bytes of the target whose credit has not been returned. */
  #uncredited = 0;
  /** Those of them that the coder has taken. */
  #taken = 0;
  /** Bytes passed to the writer that have not been sent. */
  #unsent = 0;
  #trailers: Buffer = NOTHING;
  #state: "open" | "ended" | "over" | "closed" = "open";

  /** `length`: bytes of the body as the target sends it; -1 if unknown. */
  constructor(
    { head, edits, coder, length }: { head: EditedHead; edits: ResponseEdits; coder: BodyCoder; length: number },
    writer: CodedBodyWriter,
    owner: FilteredBodyOwner,
  ) {
    this.#head = head;
    this.#edits = { lines: edits.lines };
    this.#coder = coder;
    this.#missing = length < 0 ? NaN : length;
    this.#writer = writer;
    this.#owner = owner;
    coder.begin(this);
  }

  /** Whether the visitor may have got a part of the response. */
  get isBegun(): boolean {
    return this.#form !== undefined;
  }

  /** Whether all of the coded body has been sent. */
  get isOver(): boolean {
    return this.#state === "over";
  }

  get isFull(): boolean {
    return this.#unsent > MOST_UNSENT;
  }

  write(piece: Buffer): void {
    if (this.#state !== "open") return;
    this.#uncredited += piece.length;
    this.#missing -= piece.length;
    this.#coder.write(piece);
  }

  end(trailers: Buffer): void {
    this.#trailers = trailers;
    if (this.#state === "open") this.#coder.end();
  }

  /** No more of the body is available now. */
  flush(): void {
    // With a length, bytes follow that the head can go with.
    if (this.#coder.isWhole || this.#missing > 0 || this.#state !== "open") return;
    this.#passHead();
    this.#writer.onFlush();
  }

  /** `bytes` of what was passed to the writer have been sent. */
  sent(bytes: number): void {
    const wasFull = this.isFull;
    this.#unsent -= Math.min(bytes, this.#unsent);
    this.#credit();
    if (wasFull && !this.isFull && this.#state === "open") this.#coder.resume?.();
  }

  close(): void {
    if (this.#state === "over" || this.#state === "closed") return;
    this.#state = "closed";
    this.#whole.drop();
    this.#coder.close();
  }

  // ---- CodedSink

  onCoded(bytes: Buffer): void {
    if (this.#state !== "open" || bytes.length === 0) return;
    if (this.#isWhole) return this.#whole.append(bytes);
    this.#passHead();
    this.#pass(bytes);
  }

  onTaken(bytes: number): void {
    this.#taken += bytes;
    this.#credit();
  }

  onCodedEnd(): void {
    if (this.#state !== "open") return;
    if (this.#isWhole) this.#head.contentLength = this.#whole.length;
    this.#passHead();
    for (let block = this.#whole.takeBlock(); block !== undefined; block = this.#whole.takeBlock()) {
      this.#send(block);
      release(block.buffer);
    }
    if (this.#head.contentLength < 0 && this.#form === "chunks") this.#send(writeLastChunk(this.#trailers));
    else if (this.#trailers.length > 0) this.#writer.onTrailers(this.#trailers);
    this.#state = "ended";
    this.#writer.onEnd();
    this.#credit();
  }

  onFailed(refusal: Refusal): void {
    if (this.#state !== "open") return;
    this.close();
    this.#owner.onFailed(refusal);
  }

  onFault(error: unknown): void {
    if (this.#state !== "open") return;
    this.close();
    this.#owner.onFault(error);
  }

  // ----

  /** Whether the length is to be in the head, which has not been passed on. */
  get #isWhole(): boolean {
    return this.#coder.isWhole && this.#form === undefined;
  }

  #passHead(): void {
    this.#form ??= this.#writer.onResponse(this.#head, this.#edits);
  }

  /** Bytes are copied into memory that is used again, with the framing of a chunk. */
  #pass(bytes: Buffer): void {
    const isChunk = this.#head.contentLength < 0 && this.#form === "chunks";
    for (let at = 0; at < bytes.length; at += BLOCK) {
      const memory = BODY_MEMORY.take();
      const piece = bytes.subarray(at, at + BLOCK);
      let end = isChunk ? memory.write(`${piece.length.toString(16)}\r\n`, "latin1") : 0;
      memory.set(piece, end);
      end += piece.length;
      if (isChunk) end += memory.write("\r\n", end, "latin1");
      this.#send(memory.subarray(0, end));
      release(memory.buffer);
    }
  }

  #send(bytes: Buffer): void {
    this.#unsent += bytes.length;
    this.#writer.onBody(bytes);
  }

  #credit(): void {
    if (this.#state === "over" || this.#state === "closed") return;
    const isSent = this.#state === "ended" && this.#unsent === 0;
    if (!isSent && this.#unsent > MOST_UNSENT) return;
    const kept = this.#missing > 0 ? 0 : 1;
    const credit = isSent ? this.#uncredited : Math.min(this.#taken, this.#uncredited - kept);
    if (isSent) {
      this.#state = "over";
      this.#coder.close();
    }
    if (credit <= 0) return;
    this.#taken -= Math.min(credit, this.#taken);
    this.#uncredited -= credit;
    this.#owner.onSent(credit);
  }
}

const NOTHING = Buffer.alloc(0);
