import type { BrotliOptions, ZlibOptions, ZstdOptions } from "node:zlib";
import { builtins } from "@postern/net";

/** A content coding in which responses can be compressed. */
export type CodingName = "zstd" | "br" | "gzip";

/** The highest levels. Higher ones take much more time and save few bytes. */
export const HIGHEST_LEVELS: Readonly<Record<CodingName, number>> = { zstd: 3, br: 5, gzip: 6 };

/**
 * The distance up to which zstd and Brotli refer back, as a power of two. Their own defaults would take several
 * megabytes for each response.
 */
const WINDOW = 18;

/**
 * Memory of a body while it is a stream, in bytes: of its encoder, as measured, at the highest level, and 256 KiB of
 * input that waits for it.
 */
export const ENCODER_MEMORY: Readonly<Record<CodingName, number>> = {
  zstd: 1792 * 1024,
  br: 2304 * 1024,
  gzip: 640 * 1024,
};

/** The time for a byte, beside that of gzip. */
export const WORK: Readonly<Record<CodingName, number>> = { zstd: 0.3, br: 1, gzip: 1 };

/** Memory for what a short body becomes, in bytes. More would be allocated in vain. */
const SHORT_CHUNK = 8 * 1024;

/** A coding at a level. */
export interface Coding {
  readonly name: CodingName;
  readonly level: number;
}

/** The parts of an encoder of node:zlib that are used. */
export interface ZlibStream extends NodeJS.EventEmitter {
  write(input: Buffer, onWritten: ((error?: Error | null) => void) | undefined): boolean;
  flush(kind: number, onFlushed: (error?: Error | null) => void): void;
  read(): unknown;
  reset?(): void;
  destroy(): unknown;
}

/** Compresses all of a short body. */
export function encodeNow(coding: Coding, body: Buffer): Buffer {
  const { zlib } = builtins;
  switch (coding.name) {
    case "zstd":
      // The window is not larger than the body.
      return zlib.zstdCompressSync(body, { params: { [zlib.constants.ZSTD_c_compressionLevel]: coding.level } });
    case "br":
      return zlib.brotliCompressSync(body, brotliOptions(coding, body.length));
    case "gzip":
      return zlib.gzipSync(body, { ...gzipOptions(coding), chunkSize: SHORT_CHUNK });
  }
}

/** What `flush` means to an encoder: everything so far is to come out; the body is complete. */
export interface FlushKinds {
  readonly flush: number;
  readonly finish: number;
}

export function flushKinds({ name }: Coding): FlushKinds {
  const { constants } = builtins.zlib;
  switch (name) {
    case "zstd":
      return { flush: constants.ZSTD_e_flush, finish: constants.ZSTD_e_end };
    case "br":
      return { flush: constants.BROTLI_OPERATION_FLUSH, finish: constants.BROTLI_OPERATION_FINISH };
    case "gzip":
      return { flush: constants.Z_SYNC_FLUSH, finish: constants.Z_FINISH };
  }
}

/** @param flush what each `write` does with what it is given */
export function createStream(coding: Coding, flush: number): ZlibStream {
  const { zlib } = builtins;
  switch (coding.name) {
    case "zstd":
      return zlib.createZstdCompress({ ...zstdOptions(coding), flush });
    case "br":
      return zlib.createBrotliCompress({ ...brotliOptions(coding, 0), flush });
    case "gzip":
      return zlib.createGzip({ ...gzipOptions(coding), flush });
  }
}

function gzipOptions({ level }: Coding): ZlibOptions {
  return { level };
}

function zstdOptions({ level }: Coding): ZstdOptions {
  const { ZSTD_c_compressionLevel, ZSTD_c_windowLog } = builtins.zlib.constants;
  return { params: { [ZSTD_c_compressionLevel]: level, [ZSTD_c_windowLog]: WINDOW } };
}

/** @param length of the body; 0 if unknown */
function brotliOptions({ level }: Coding, length: number): BrotliOptions {
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_LGWIN, BROTLI_PARAM_SIZE_HINT } = builtins.zlib.constants;
  return {
    params: { [BROTLI_PARAM_QUALITY]: level, [BROTLI_PARAM_LGWIN]: WINDOW, [BROTLI_PARAM_SIZE_HINT]: length },
  };
}
