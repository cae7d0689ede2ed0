import { DEFAULT_HEAD_LIMITS, type HeadLimits } from "./field-section.js";
import { CR, HEX, HTAB, LF, SEMICOLON, SP } from "./octet.js";
import { type Refusal, refusals } from "./refusal.js";
import { Trailers, type TrailerOwner } from "./trailers.js";

/** The form of a chunked body that is passed on: with its chunk framing, or as bare content. */
export type ChunkForm = "chunks" | "data";

const MOST_DIGITS = 16;
/** Bytes after one chunk's size, white space included, and in one body. In practice only attacks use extensions. */
const LONGEST_EXTENSION = 256;
const MOST_EXTENSION_BYTES = 16_384;

/**
 * If a piece has more parts than this, they are joined: writing each part costs more than copying it, and a hostile
 * body may consist of many parts.
 */
const MOST_SPANS = 16;

const LAST_SIZE = Buffer.from("0\r\n");
const BLANK_LINE = Buffer.from("\r\n");
const LAST_CHUNK = Buffer.concat([LAST_SIZE, BLANK_LINE]);

/*
 *  size ──digits──► (padding) ──► (extension) ──CR──► size LF ──► data ──► data CR ──► data LF ──► size …
 *                                                        └─ size 0 ──► trailers ──► end
 */
const State = {
  size: 0,
  padding: 1,
  extension: 2,
  sizeLF: 3,
  data: 4,
  dataCR: 5,
  dataLF: 6,
  trailers: 7,
  end: 8,
} as const;
type State = (typeof State)[keyof typeof State];

/**
 * Reads a chunked body (RFC 9112 7.1) in pieces of any size and finds the parts of each piece to pass on. Body bytes
 * are copied only if a piece has very many parts. The last chunk and the trailers are passed on together, once all of
 * them have arrived and are valid, so that a truncated body never looks complete.
 */
export class ChunkReader {
  /** The body is complete; the rest of the piece belongs to the next message. */
  done = false;
  /** Content bytes seen so far. */
  dataBytes = 0;
  refusal: Refusal | undefined = undefined;

  /** Parts of the last piece to pass on: start and end of each, alternating. */
  readonly spans: number[] = [];
  spanCount = 0;
  /** Bytes to pass on after the spans that the piece does not contain in the right form. */
  tail: Buffer | undefined = undefined;
  /** Bytes at the end of `tail` that are not from this piece. */
  tailBytes = 0;

  readonly #trailers: Trailers;
  #form: ChunkForm = "chunks";
  #state: State = State.size;
  #size = 0;
  #digits = 0;
  #extension = 0;
  #extensions = 0;
  /** Position of the last chunk's `0`; -1 when this piece does not contain it. */
  #zeroAt = -1;

  constructor(limits: HeadLimits = DEFAULT_HEAD_LIMITS, owner?: TrailerOwner) {
    this.#trailers = new Trailers(limits, owner);
  }

  /** Begins a new body. */
  begin(form: ChunkForm): void {
    this.#form = form;
    this.#state = State.size;
    this.#size = this.#digits = this.#extension = this.#extensions = 0;
    this.#trailers.begin();
    this.done = false;
    this.dataBytes = 0;
    this.refusal = undefined;
    this.spanCount = 0;
    this.tail = undefined;
  }

  /**
   * Reads the next piece of the body.
   * @returns the position up to which it belongs to the body (`end`, unless `done`); -1 when the body is malformed (see
   * `refusal`): then nothing more of it may be passed on, and both connections must be reset.
   */
  read(bytes: Buffer, start: number, end: number): number {
    this.spanCount = 0;
    this.tail = undefined;
    this.tailBytes = 0;
    this.#zeroAt = -1;
    let at = start;
    while (at >= 0 && at < end && !this.done) {
      if (this.#state === State.data) at = this.#readData(at, end);
      else if (this.#state === State.trailers) at = this.#readTrailers(bytes, at, end);
      else at = this.#readFraming(bytes[at]!, at) ? at + 1 : -1;
    }
    if (this.spanCount > MOST_SPANS) this.#join(bytes);
    return at;
  }

  /**
   * The trailers to pass on, as complete field lines; empty before `done`. In the form `chunks` they are in `tail` too.
   */
  get trailers(): Buffer {
    return this.#trailers.kept;
  }

  #readData(at: number, end: number): number {
    const until = Math.min(end, at + this.#size);
    this.#pass(at, until);
    this.dataBytes += until - at;
    this.#size -= until - at;
    if (this.#size === 0) this.#state = State.dataCR;
    return until;
  }

  /** Reads one byte of framing. @returns false when it is not valid here. */
  #readFraming(byte: number, at: number): boolean {
    switch (this.#state) {
      case State.size:
        return this.#readSize(byte, at);
      case State.padding:
        return this.#readPadding(byte, at);
      case State.extension:
        return byte === CR ? this.#endSize(at) : this.#readExtension(byte);
      case State.sizeLF:
        if (byte !== LF) return this.#refuse();
        this.#state = this.#size === 0 ? State.trailers : State.data;
        return this.#passSize(at);
      case State.dataCR:
        if (byte !== CR) return this.#refuse();
        this.#state = State.dataLF;
        return this.#passFraming(at);
      default:
        if (byte !== LF) return this.#refuse();
        this.#state = State.size;
        this.#digits = this.#size = 0;
        return this.#passFraming(at);
    }
  }

  #readSize(byte: number, at: number): boolean {
    const digit = HEX[byte]! - 1;
    if (digit >= 0) {
      this.#size = this.#size * 16 + digit;
      if (++this.#digits > MOST_DIGITS || this.#size > Number.MAX_SAFE_INTEGER) return this.#refuse();
      if (this.#size === 0) this.#zeroAt = at;
      return this.#passSize(at);
    }
    if (this.#digits === 0) return this.#refuse();
    if (byte === CR) return this.#endSize(at);
    this.#extension = 0;
    return this.#readPadding(byte, at);
  }

  /** White space may come before an extension (RFC 9112 7.1.1), and without one only where it is repaired. */
  #readPadding(byte: number, at: number): boolean {
    if (byte === CR && this.endsPadded()) return this.#endSize(at);
    if (byte !== SEMICOLON && byte !== SP && byte !== HTAB) return this.#refuse();
    this.#state = byte === SEMICOLON ? State.extension : State.padding;
    return this.#readExtension(byte);
  }

  /** Whether a chunk's size may be followed by white space and CRLF. */
  protected endsPadded(): boolean {
    return false;
  }

  #endSize(at: number): true {
    this.#state = State.sizeLF;
    return this.#passSize(at);
  }

  /** Extensions are dropped (RFC 9112 7.1.1). */
  #readExtension(byte: number): boolean {
    const tooLong = ++this.#extension > LONGEST_EXTENSION || ++this.#extensions > MOST_EXTENSION_BYTES;
    const allowed = (byte >= SP && byte < 0x7f) || byte === HTAB;
    return (allowed && !tooLong) || this.#refuse();
  }

  #readTrailers(bytes: Buffer, start: number, end: number): number {
    const next = this.#trailers.read(bytes, start, end);
    if (next === 0) return end;
    if (next < 0) this.refusal = this.#trailers.refusal;
    else this.#finish(next);
    return next;
  }

  /** The body ends at `at`: its last chunk and trailers are passed on, from the piece itself where possible. */
  #finish(at: number): void {
    this.#state = State.end;
    this.done = true;
    if (this.#form === "data") return;
    const { kept } = this.#trailers;
    if (kept.length > 0) this.tail = Buffer.concat([LAST_SIZE, kept, BLANK_LINE]);
    else if (this.#zeroAt >= 0 && at - this.#zeroAt === LAST_CHUNK.length) this.#pass(this.#zeroAt, at);
    else this.tail = LAST_CHUNK;
    this.tailBytes = this.tail?.length ?? 0;
  }

  /** A size is not passed on while it is 0: leading zeros are dropped, and the last chunk waits for the end. */
  #passSize(at: number): true {
    return this.#size === 0 || this.#passFraming(at);
  }

  #passFraming(at: number): true {
    if (this.#form === "chunks") this.#pass(at, at + 1);
    return true;
  }

  #pass(start: number, end: number): void {
    const n = 2 * this.spanCount;
    if (n > 0 && this.spans[n - 1] === start) this.spans[n - 1] = end;
    else {
      this.spans[n] = start;
      this.spans[n + 1] = end;
      this.spanCount++;
    }
  }

  /** Joins everything to pass on into one tail. */
  #join(bytes: Buffer): void {
    const parts: Buffer[] = [];
    for (let n = 0; n < this.spanCount; n++) parts.push(bytes.subarray(this.spans[2 * n], this.spans[2 * n + 1]));
    if (this.tail !== undefined) parts.push(this.tail);
    this.tail = Buffer.concat(parts);
    this.spanCount = 0;
  }

  #refuse(): false {
    this.refusal = refusals.PN_HTTP_CHUNK;
    return false;
  }
}
