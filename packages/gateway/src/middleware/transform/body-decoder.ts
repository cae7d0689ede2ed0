import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
} from "node:zlib";
import type { Transform } from "node:stream";
import { TransformFault } from "./body-edit.js";

/** How much larger than its coded form a body may be. */
export const DECODING_LIMITS = {
  /** Times the size of the coded form. */
  ratio: 200,
  /** Bytes beyond that: a small body may have any ratio. */
  extra: 16 * 1024 * 1024,
} as const;

/** The codings of Accept-Encoding and Content-Encoding that can be decoded. `identity` is none. */
export const CODINGS = ["gzip", "deflate", "br", "zstd"] as const;
export type Coding = (typeof CODINGS)[number];

/** A decoder of node:zlib. `bytesWritten`: what it has used of its input. */
type Decoder = Transform & { readonly bytesWritten: number };

const CHUNK = { chunkSize: 64 * 1024 };
/** A window of 8 MiB, as RFC 9659 requires for content codings. */
const ZSTD_WINDOW = 23;
const ZLIB_METHOD = 8;

/** Receives a decoded body. The calls come later, except `onDecodedEnd` for an empty body. */
export interface DecodedSink {
  /** `bytes` do not change afterwards. */
  onDecoded(bytes: Buffer): void;
  /** `bytes` of the coded form have been decoded. */
  onTaken(bytes: number): void;
  onDecodedEnd(): void;
  onFault(fault: TransformFault): void;
}

/**
 * The coding that the values of Content-Encoding name.
 * @returns undefined: none
 * @throws TransformFault for another one, or several
 */
export function codingOf(value: string): Coding | undefined {
  const names = value
    .toLowerCase()
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "" && name !== "identity");
  const [name] = names;
  if (name === undefined) return undefined;
  const coding = CODINGS.find((each) => each === name || `x-${each}` === name);
  if (coding !== undefined && names.length === 1) return coding;
  throw new TransformFault(
    "coding",
    `the content coding ${JSON.stringify(names.join(", ").slice(0, 40))} is not supported`,
  );
}

/** Decodes one body, in the threads of Node.js. */
export class BodyDecoder {
  readonly #coding: Coding;
  readonly #sink: DecodedSink;
  #stream: Decoder | undefined;
  #coded = 0;
  #decoded = 0;
  #isClosed = false;

  constructor(coding: Coding, sink: DecodedSink) {
    this.#coding = coding;
    this.#sink = sink;
  }

  /** @param piece not empty; it must not change afterwards */
  write(piece: Buffer): void {
    if (this.#isClosed) return;
    this.#stream ??= this.#start(piece);
    this.#coded += piece.length;
    this.#stream.write(piece, (error) => {
      if (!this.#isClosed && error == null) this.#sink.onTaken(piece.length);
    });
  }

  end(): void {
    if (this.#stream === undefined) this.#sink.onDecodedEnd();
    else this.#stream.end();
  }

  /** Decodes no more for now. */
  pause(): void {
    this.#stream?.pause();
  }

  resume(): void {
    this.#stream?.resume();
  }

  close(): void {
    this.#isClosed = true;
    this.#stream?.destroy();
  }

  #start(first: Buffer): Decoder {
    const stream = decoderOf(this.#coding, first);
    stream.on("data", (bytes: Buffer) => this.#onData(bytes));
    stream.on("error", () => this.#fail(this.#damaged()));
    stream.on("end", () => {
      if (this.#isClosed) return;
      // Most decoders ignore what follows the coded form, which may be the rest of the body.
      if (stream.bytesWritten < this.#coded) this.#fail(this.#damaged());
      else this.#sink.onDecodedEnd();
    });
    return stream;
  }

  #onData(bytes: Buffer): void {
    if (this.#isClosed) return;
    this.#decoded += bytes.length;
    if (this.#decoded <= DECODING_LIMITS.ratio * this.#coded + DECODING_LIMITS.extra)
      return this.#sink.onDecoded(bytes);
    this.#fail(
      new TransformFault(
        "size",
        `the body is more than ${DECODING_LIMITS.ratio} times as large as its compressed form`,
      ),
    );
  }

  #damaged(): TransformFault {
    return new TransformFault("damaged", `the body is not valid ${this.#coding}, or is not complete`);
  }

  #fail(fault: TransformFault): void {
    if (this.#isClosed) return;
    this.close();
    this.#sink.onFault(fault);
  }
}

function decoderOf(coding: Coding, first: Buffer): Decoder {
  switch (coding) {
    case "gzip":
      return createGunzip(CHUNK);
    case "deflate":
      // Some servers send the bare form, without the header of zlib.
      return (first[0]! & 15) === ZLIB_METHOD ? createInflate(CHUNK) : createInflateRaw(CHUNK);
    case "br":
      return createBrotliDecompress(CHUNK);
    case "zstd":
      return createZstdDecompress({ ...CHUNK, params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW } });
  }
}
