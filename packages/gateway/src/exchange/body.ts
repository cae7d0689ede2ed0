import { ChunkReader, refusals, type ChunkForm, type Refusal } from "../http/index.js";

/** How a body is delimited (RFC 9112, section 6): not there, by length, by chunks, or by the end of the connection. */
export type Framing = "none" | "length" | "chunked" | "close";

/** Who passes a body's bytes on. */
export interface BodySink {
  passBody(chunk: Buffer): void;
}

/** Follows one body through the pieces it arrives in, only to know where it ends; reused for body after body. */
export class Body {
  /** The whole body has been read. */
  done = true;
  /** Content bytes so far, chunk framing not counted. */
  bytes = 0;
  /** As many it may have; a length is to be compared before it begins. */
  most = Infinity;
  #framing: Framing = "none";
  #left = 0;
  #chunks: ChunkReader | undefined;

  begin(framing: Framing, length: number, form: ChunkForm): void {
    this.#framing = framing === "length" && length === 0 ? "none" : framing;
    this.done = this.#framing === "none";
    this.bytes = 0;
    this.#left = length;
    if (framing === "chunked") (this.#chunks ??= new ChunkReader()).begin(form);
  }

  get framing(): Framing {
    return this.#framing;
  }

  get refusal(): Refusal | undefined {
    return this.bytes > this.most ? refusals.PN_HTTP_BODY_TOO_LARGE : this.#chunks?.refusal;
  }

  /**
   * Passes on what of `chunk`, from `at` on, belongs to the body.
   * @returns where it stops belonging to it; -1 when the body is malformed or too long (see `refusal`).
   */
  read(chunk: Buffer, at: number, sink: BodySink): number {
    if (this.done) return at;
    if (this.#framing === "chunked") return this.#readChunks(this.#chunks as ChunkReader, chunk, at, sink);
    let end = chunk.length;
    if (this.#framing === "length") {
      end = Math.min(end, at + this.#left);
      this.#left -= end - at;
      this.done = this.#left === 0;
    }
    this.bytes += end - at;
    if (end > at) sink.passBody(part(chunk, at, end));
    return end;
  }

  #readChunks(chunks: ChunkReader, chunk: Buffer, at: number, sink: BodySink): number {
    const end = chunks.read(chunk, at, chunk.length);
    if (end < 0) return -1;
    this.bytes = chunks.dataBytes;
    // Its end may lie in the same piece: nothing of that may go on, or the body looks whole.
    if (this.bytes > this.most) return -1;
    this.done = chunks.done;
    for (let n = 0; n < chunks.spanCount; n++) {
      sink.passBody(part(chunk, chunks.spans[2 * n] as number, chunks.spans[2 * n + 1] as number));
    }
    if (chunks.tail !== undefined) sink.passBody(chunks.tail);
    return end;
  }
}

function part(chunk: Buffer, start: number, end: number): Buffer {
  return start === 0 && end === chunk.length ? chunk : chunk.subarray(start, end);
}
