import { ChunkReader, type ChunkForm } from "./chunk-reader.js";
import { DEFAULT_HEAD_LIMITS, type HeadLimits } from "./field-section.js";
import { type Refusal, refusals } from "./refusal.js";
import type { Request } from "./request.js";
import type { TrailerOwner } from "./trailers.js";

/**
 * How a body is delimited (RFC 9112, section 6): it is absent, or ends by length, by chunks, or with the connection.
 */
export type BodyFraming = "none" | "length" | "chunked" | "close";

/** Receives the parts of a body. */
export interface BodySink {
  /**
   * @param own the number of bytes at the end of `chunk` that the gateway wrote itself and that are not in the piece
   * just read: a last chunk, trailers
   */
  passBody(chunk: Buffer, own: number): void;
}

const NOTHING = Buffer.alloc(0);

/** Finds the end of a body that arrives in pieces. Reused for body after body. */
export class Body {
  /** The whole body has been read. */
  done = true;
  /** Content bytes so far, without chunk framing. */
  bytes = 0;
  /**
   * The most content bytes that a chunked body may have; 0: no limit. Compare a Content-Length with it before the body
   * begins.
   */
  most = 0;
  framing: BodyFraming = "none";
  #left = 0;
  readonly #trailerLimits: HeadLimits;
  readonly #trailerOwner: TrailerOwner | undefined;
  #chunks: ChunkReader | undefined;

  /** @param trailerLimits the size of the trailers */
  constructor(trailerLimits: HeadLimits = DEFAULT_HEAD_LIMITS, trailerOwner?: TrailerOwner) {
    this.#trailerLimits = trailerLimits;
    this.#trailerOwner = trailerOwner;
  }

  begin(framing: BodyFraming, length: number, form: ChunkForm): void {
    this.framing = framing === "length" && length === 0 ? "none" : framing;
    this.done = this.framing === "none";
    this.bytes = 0;
    this.#left = length;
    if (framing === "chunked") (this.#chunks ??= this.newChunkReader(this.#trailerLimits)).begin(form);
  }

  /** Begins the body of a request. */
  beginFor({ chunked, contentLength }: Pick<Request, "chunked" | "contentLength">, form: ChunkForm): void {
    const framing = chunked ? "chunked" : contentLength > 0 ? "length" : "none";
    this.begin(framing, contentLength, form);
  }

  protected newChunkReader(trailerLimits: HeadLimits): ChunkReader {
    return new ChunkReader(trailerLimits, this.#trailerOwner);
  }

  get refusal(): Refusal | undefined {
    return this.#isTooLong ? refusals.PN_HTTP_BODY_TOO_LARGE : this.#chunks?.refusal;
  }

  /**
   * The trailers of a body that is done: complete field lines, or nothing. In the form `chunks` they were passed with
   * the body.
   */
  get trailers(): Buffer {
    return this.framing === "chunked" ? (this.#chunks as ChunkReader).trailers : NOTHING;
  }

  /**
   * Passes on the part of `chunk`, from `at` on, that belongs to the body.
   * @returns where the body's part ends; -1 when the body is malformed or too long (see `refusal`).
   */
  read(chunk: Buffer, at: number, sink: BodySink): number {
    if (this.done) return at;
    if (this.framing === "chunked") return this.#readChunks(this.#chunks as ChunkReader, chunk, at, sink);
    let end = chunk.length;
    if (this.framing === "length") {
      end = Math.min(end, at + this.#left);
      this.#left -= end - at;
      this.done = this.#left === 0;
    }
    this.bytes += end - at;
    if (end > at) sink.passBody(part(chunk, at, end), 0);
    return end;
  }

  get #isTooLong(): boolean {
    return this.bytes > this.most && this.most > 0;
  }

  #readChunks(chunks: ChunkReader, chunk: Buffer, at: number, sink: BodySink): number {
    const end = chunks.read(chunk, at, chunk.length);
    if (end < 0) return -1;
    this.bytes = chunks.dataBytes;
    // The piece may also contain the end of the body. If that were passed on, the body would look complete.
    if (this.#isTooLong) return -1;
    this.done = chunks.done;
    for (let n = 0; n < chunks.spanCount; n++) {
      sink.passBody(part(chunk, chunks.spans[2 * n] as number, chunks.spans[2 * n + 1] as number), 0);
    }
    if (chunks.tail !== undefined) sink.passBody(chunks.tail, chunks.tailBytes);
    return end;
  }
}

function part(chunk: Buffer, start: number, end: number): Buffer {
  return start === 0 && end === chunk.length ? chunk : chunk.subarray(start, end);
}
