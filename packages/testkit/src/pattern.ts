import { createHash } from "node:crypto";
import { Readable } from "node:stream";

const PIECE = 64 * 1024;
const MARK_EVERY = 4 * 1024;

// A pattern without any repetition would be slow to generate. Fixed noise with a counter every 4 KiB also shows any
// lost, repeated or displaced piece.
const NOISE = createNoise();

/** The first `bytes` of an endless pattern, in pieces. The bytes are always the same. */
export function* patternPieces(bytes: number): Generator<Buffer> {
  for (let offset = 0; offset < bytes; offset += PIECE) {
    const piece = Buffer.from(NOISE);
    for (let at = 0; at < PIECE; at += MARK_EVERY) piece.writeDoubleBE(offset + at, at);
    yield piece.subarray(0, Math.min(PIECE, bytes - offset));
  }
}

/** The pattern as a stream that generates each piece on demand. */
export function patternStream(bytes: number): Readable {
  return Readable.from(patternPieces(bytes), { objectMode: false, highWaterMark: 4 * PIECE });
}

/** SHA-256 of the first `bytes` of the pattern, in hexadecimal. */
export function patternHash(bytes: number): string {
  const hash = createHash("sha256");
  for (const piece of patternPieces(bytes)) hash.update(piece);
  return hash.digest("hex");
}

function createNoise(): Buffer {
  const noise = Buffer.alloc(PIECE);
  let state = 0x9e3779b9;
  for (let at = 0; at < PIECE; at += 4) {
    // xorshift32, not random, so that a failure can be reproduced.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    noise.writeInt32BE(state | 0, at);
  }
  return noise;
}
