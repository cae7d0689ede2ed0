import { createStream, encodeNow, flushKinds, type Coding, type ZlibStream } from "./coding.js";

/** Undocumented members of the streams of node:zlib. Without them, `encodeNow` does the same more slowly. */
interface ZlibInternals extends ZlibStream {
  readonly _handle?: {
    writeSync?(kind: number, input: Buffer, at: number, bytes: number, output: Buffer, to: number, room: number): void;
  } | null;
  /** The room that the last call left in the output, and the bytes of its input that it left. */
  readonly _writeState?: Uint32Array;
}

/** What short bodies become, one after another. */
const OUTPUT = 66 * 1024;
let output: Buffer | undefined;

/**
 * Compresses short bodies at once, with memory that is used again: to create an encoder takes as long as to compress
 * 10 KB, and V8 counts its memory as garbage.
 */
export class AtOnceEncoder {
  readonly #coding: Coding;
  readonly #kind: number;
  #stream: ZlibInternals | undefined;

  constructor(coding: Coding) {
    this.#coding = coding;
    this.#kind = flushKinds(coding).finish;
  }

  /** Compresses a body. The result is valid until the next call. */
  encode(body: Buffer): Buffer {
    // Brotli cannot begin again.
    if (this.#coding.name === "br" || body.length === 0) return encodeNow(this.#coding, body);
    const stream: ZlibInternals = (this.#stream ??= createStream(this.#coding, this.#kind));
    const { _handle: handle, _writeState: state } = stream;
    if (typeof handle?.writeSync !== "function" || state?.length !== 2) return encodeNow(this.#coding, body);
    const room = (output ??= Buffer.allocUnsafeSlow(OUTPUT));
    handle.writeSync(this.#kind, body, 0, body.length, room, 0, room.length);
    const [left = 0, rest = 1] = state;
    // One that did not come to its end has to be created again.
    if (left === 0 || rest > 0) this.drop();
    else if (this.#coding.name === "gzip") stream.reset?.();
    return left === 0 || rest > 0 ? encodeNow(this.#coding, body) : room.subarray(0, room.length - left);
  }

  /** Frees its memory. */
  drop(): void {
    this.#stream?.destroy();
    this.#stream = undefined;
  }
}
