import { Field, fieldSet } from "./field-name.js";
import { DEFAULT_HEAD_LIMITS, FieldSection, type HeadLimits } from "./field-section.js";
import { CR, HEX, HTAB, LF, SEMICOLON, SP } from "./octet.js";
import { type Refusal, refusals } from "./refusal.js";
import { writeText } from "./latin1.js";

/** What is to be passed on: `chunks` keeps the chunked form (to HTTP/1.1), `data` is the bare content (to HTTP/1.0, which ends by closing). */
export type ChunkForm = "chunks" | "data";

const MOST_DIGITS = 16;
/** Bytes of extensions after one chunk's size, and in one body. Nobody uses them but to hide something. */
const LONGEST_EXTENSION = 256;
const MOST_EXTENSION_BYTES = 16_384;

/** Trailers that could change how a message is understood, had they come in its head, go no further (RFC 9110 6.5.1). */
const DROPPED_TRAILERS = ~fieldSet(Field.other);

const LAST_CHUNK = Buffer.from("0\r\n\r\n");

/*
 *  size ──digits──► (extension) ──CR──► size LF ──► data ──► data CR ──► data LF ──► size …
 *                                          └─ size 0 ──► trailers ──► end
 */
const State = { size: 0, extension: 1, sizeLF: 2, data: 3, dataCR: 4, dataLF: 5, trailers: 6, end: 7 } as const;
type State = (typeof State)[keyof typeof State];

/**
 * Follows a chunked body (RFC 9112 7.1) through pieces of any size and says what of each piece to pass on. Body bytes are never copied.
 * The last chunk and the trailers are passed on only together and only when valid to the end: a body that breaks off never looks whole.
 */
export class ChunkReader {
  /** The body is complete; what follows in the piece belongs to the next message. */
  done = false;
  /** Content bytes seen so far. */
  dataBytes = 0;
  refusal: Refusal | undefined = undefined;

  /** Parts of the piece last read that go on: start and end of each, in turn. */
  readonly spans: number[] = [];
  spanCount = 0;
  /** Goes on after the spans: the body's end, where it didn't lie in the piece as it has to leave. */
  tail: Buffer | undefined = undefined;

  readonly #limits: HeadLimits;
  #form: ChunkForm = "chunks";
  #state: State = State.size;
  #size = 0;
  #digits = 0;
  #extension = 0;
  #extensions = 0;
  /** Where in this piece the last chunk's `0` is; -1: not in it. */
  #zeroAt = -1;
  /** Trailers that began in an earlier piece. */
  #held: Buffer = NOTHING;

  constructor(limits: HeadLimits = DEFAULT_HEAD_LIMITS) {
    this.#limits = limits;
  }

  /** Begins a new body. */
  begin(form: ChunkForm): void {
    this.#form = form;
    this.#state = State.size;
    this.#size = this.#digits = this.#extension = this.#extensions = 0;
    this.#held = NOTHING;
    this.done = false;
    this.dataBytes = 0;
    this.refusal = undefined;
    this.spanCount = 0;
    this.tail = undefined;
  }

  /**
   * Reads the next piece of the body.
   * @returns the position up to which it belongs to the body (`end`, unless `done`); -1 when the body is malformed (see `refusal`):
   * then nothing more of it may be passed on, and what is open must break.
   */
  read(bytes: Buffer, start: number, end: number): number {
    this.spanCount = 0;
    this.tail = undefined;
    this.#zeroAt = -1;
    let at = start;
    while (at < end) {
      if (this.#state === State.data) at = this.#readData(at, end);
      else if (this.#state === State.trailers) {
        at = this.#readTrailers(bytes, at, end);
        if (at < 0) return -1;
      } else if (this.#state === State.end) return at;
      else if (this.#readFraming(bytes[at]!, at)) at++;
      else return -1;
    }
    return at;
  }

  #readData(at: number, end: number): number {
    const until = Math.min(end, at + this.#size);
    this.#pass(at, until);
    this.dataBytes += until - at;
    this.#size -= until - at;
    if (this.#size === 0) this.#state = State.dataCR;
    return until;
  }

  /** Takes one byte that is no content. @returns false when it may not stand here. */
  #readFraming(byte: number, at: number): boolean {
    switch (this.#state) {
      case State.size:
        return this.#readSize(byte, at);
      case State.extension:
        if (byte === CR) {
          this.#state = State.sizeLF;
          return this.#frame(at);
        }
        if (++this.#extension > LONGEST_EXTENSION || ++this.#extensions > MOST_EXTENSION_BYTES) return this.#refuse();
        return (byte >= SP && byte < 0x7f) || byte === HTAB || this.#refuse();
      case State.sizeLF:
        if (byte !== LF) return this.#refuse();
        this.#frame(at);
        this.#state = this.#size === 0 ? State.trailers : State.data;
        return true;
      case State.dataCR:
        if (byte !== CR) return this.#refuse();
        this.#state = State.dataLF;
        return this.#frame(at);
      default:
        if (byte !== LF) return this.#refuse();
        this.#state = State.size;
        this.#digits = this.#size = 0;
        return this.#frame(at);
    }
  }

  #readSize(byte: number, at: number): boolean {
    const digit = HEX[byte]! - 1;
    if (digit >= 0) {
      this.#size = this.#size * 16 + digit;
      if (++this.#digits > MOST_DIGITS || this.#size > Number.MAX_SAFE_INTEGER) return this.#refuse();
      if (this.#size === 0) this.#zeroAt = at;
      return this.#frame(at);
    }
    if (this.#digits === 0) return this.#refuse();
    if (byte === CR) {
      this.#state = State.sizeLF;
      return this.#frame(at);
    }
    if (byte !== SEMICOLON) return this.#refuse();
    this.#extension = 1;
    this.#extensions++;
    this.#state = State.extension;
    return true;
  }

  #readTrailers(bytes: Buffer, start: number, end: number): number {
    const held = this.#held.length;
    let source = bytes;
    let from = start;
    let until = end;
    if (held > 0) {
      source = this.#held = Buffer.concat([this.#held, bytes.subarray(start, end)]);
      from = 0;
      until = source.length;
      const news = bytes.indexOf(LF, start);
      if ((news < 0 || news >= end) && until < this.#limits.bytes) return end;
    }
    const limit = from + this.#limits.bytes;
    const next = TRAILERS.read(source, from, Math.min(until, limit), this.#limits.fields);
    if (next < 0) return this.#refuseTrailers(TRAILERS.refusal!);
    if (next === 0) {
      if (until >= limit) return this.#refuseTrailers(refusals.PN_HTTP_TRAILERS_TOO_LARGE);
      if (held === 0) this.#held = Buffer.from(bytes.subarray(start, end));
      return end;
    }
    const stop = start + (next - from) - held;
    this.#finish(source, from, stop);
    return stop;
  }

  #finish(source: Buffer, from: number, stop: number): void {
    this.#state = State.end;
    this.done = true;
    this.#held = NOTHING;
    if (this.#form === "data") return;
    TRAILERS.gather(from, DROPPED_TRAILERS);
    if (TRAILERS.spanBytes > 0) {
      this.tail = Buffer.allocUnsafe(LAST_CHUNK.length + TRAILERS.spanBytes);
      writeText(this.tail, TRAILERS.copyTo(this.tail, writeText(this.tail, 0, "0\r\n"), source), "\r\n");
    } else if (this.#zeroAt >= 0 && stop - this.#zeroAt === LAST_CHUNK.length) this.#pass(this.#zeroAt, stop);
    else this.tail = LAST_CHUNK;
  }

  /** Passes a byte of the framing on, but for that of the last chunk and for leading zeros, which could yet become it. */
  #frame(at: number): true {
    const held = (this.#state === State.size || this.#state === State.sizeLF) && this.#size === 0 && this.#digits > 0;
    if (this.#form === "chunks" && !held) this.#pass(at, at + 1);
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

  #refuse(): false {
    this.refusal = refusals.PN_HTTP_CHUNK;
    return false;
  }

  #refuseTrailers(refusal: Refusal): number {
    this.refusal = refusal === refusals.PN_HTTP_HEAD_TOO_LARGE ? refusals.PN_HTTP_TRAILERS_TOO_LARGE : refusal;
    return -1;
  }
}

const NOTHING = Buffer.alloc(0);
/** Trailers are read and written within one call, so one reader serves all bodies. */
const TRAILERS = new FieldSection();
