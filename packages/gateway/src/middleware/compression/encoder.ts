import { createStream, flushKinds, type Coding, type FlushKinds, type ZlibStream } from "./coding.js";

/** Receives what an encoder makes of its input. */
export interface EncoderSink {
  /** `bytes` do not change afterwards. */
  onEncoded(bytes: Buffer): void;
  /** The encoder is done with the input that it was given last. */
  onEncoderDone(): void;
  onEncoderFailed(error: Error): void;
}

/**
 * Compresses bodies, one after another, on a thread of Node.js. It is used again, because its memory takes as long to
 * set up as a short body takes to compress.
 */
export class Encoder {
  readonly coding: Coding;
  /** Whether each input is a whole body. */
  readonly isForWholes: boolean;
  /** Undefined: what is encoded is dropped. */
  sink: EncoderSink | undefined;
  readonly #kinds: FlushKinds;
  readonly #stream: ZlibStream;
  #isBroken = false;

  constructor(coding: Coding, isForWholes: boolean) {
    this.coding = coding;
    this.isForWholes = isForWholes;
    this.#kinds = flushKinds(coding);
    const { flush, finish } = this.#kinds;
    this.#stream = createStream(coding, isForWholes ? finish : flush);
    this.#stream.on("data", (bytes: Buffer) => this.sink?.onEncoded(bytes));
    this.#stream.on("error", (error: Error) => {
      this.#isBroken = true;
      this.sink?.onEncoderFailed(error);
    });
  }

  /**
   * Encodes `input`, so that all of it can be decoded. Call it again only after `onEncoderDone`.
   * @param isLast whether the body ends with it; an encoder for wholes always ends it
   */
  run(input: Buffer, isLast: boolean): void {
    const finishes = isLast && !this.isForWholes;
    if (input.length > 0) this.#stream.write(input, finishes ? undefined : this.#onDone);
    if (finishes) this.#stream.flush(this.#kinds.finish, this.#onDone);
  }

  /** Prepares for another body, after the last one was complete. @returns false if that is not possible */
  renew(): boolean {
    this.sink = undefined;
    // Brotli cannot begin again. An encoder of zstd does so by itself.
    if (this.#isBroken || this.coding.name === "br") return false;
    if (this.coding.name === "gzip") this.#stream.reset?.();
    return true;
  }

  /** Frees its memory. No input may be in progress. */
  destroy(): void {
    this.sink = undefined;
    this.#stream.destroy();
  }

  readonly #onDone = (error?: Error | null): void => {
    // An error has been reported as an event.
    if (error) return;
    // What the stream holds back would come only after this call.
    while (this.#stream.read() !== null);
    this.sink?.onEncoderDone();
  };
}
