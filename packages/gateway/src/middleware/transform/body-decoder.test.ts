import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { BodyDecoder, codingOf, DECODING_LIMITS, type Coding } from "./body-decoder.js";
import { TransformFault } from "./body-edit.js";

/** The decoded pieces, or why there are none. */
async function decoded(coding: Coding, pieces: readonly Buffer[]): Promise<Buffer | TransformFault> {
  const { promise, resolve } = Promise.withResolvers<Buffer | TransformFault>();
  const parts: Buffer[] = [];
  let taken = 0;
  const decoder = new BodyDecoder(coding, {
    onDecoded: (bytes) => void parts.push(bytes),
    onTaken: (bytes) => void (taken += bytes),
    onDecodedEnd: () => resolve(Buffer.concat(parts)),
    onFault: (fault) => resolve(fault),
  });
  for (const piece of pieces) decoder.write(piece);
  decoder.end();
  const result = await promise;
  if (Buffer.isBuffer(result)) expect(taken).toBe(pieces.reduce((sum, { length }) => sum + length, 0));
  decoder.close();
  return result;
}

const kindOf = (result: Buffer | TransformFault): string => (Buffer.isBuffer(result) ? "none" : result.kind);

const TEXT = Buffer.from("Grüße an alle, Grüße an alle, und 12345.");
const CODED: readonly [string, Coding, (body: Buffer) => Buffer][] = [
  ["gzip", "gzip", gzipSync],
  ["deflate", "deflate", deflateSync],
  ["bare deflate", "deflate", deflateRawSync],
  ["br", "br", brotliCompressSync],
  ["zstd", "zstd", zstdCompressSync],
];

describe.each(CODED)("%s", (_, coding, encode) => {
  const coded = encode(TEXT);

  test("is decoded, wherever it is cut", async () => {
    for (let cut = 1; cut <= coded.length; cut++) {
      const pieces = [coded.subarray(0, cut), coded.subarray(cut)].filter(({ length }) => length > 0);
      expect(await decoded(coding, pieces), `cut at ${cut}`).toEqual(TEXT);
    }
    expect(
      await decoded(
        coding,
        Array.from(coded, (byte) => Buffer.from([byte])),
      ),
    ).toEqual(TEXT);
  });

  test("that is cut off, damaged, or followed by something else is refused", async () => {
    for (let length = 1; length < coded.length; length++)
      expect(kindOf(await decoded(coding, [coded.subarray(0, length)])), `${length} bytes`).toBe("damaged");
    expect(kindOf(await decoded(coding, [Buffer.concat([coded, Buffer.from("more")])]))).toBe("damaged");
    expect(kindOf(await decoded(coding, [coded, Buffer.from("more")]))).toBe("damaged");
    expect(kindOf(await decoded(coding, [Buffer.from("no such coding at all")]))).toBe("damaged");
  });

  test("without a byte is empty", async () => {
    expect(await decoded(coding, [])).toEqual(Buffer.alloc(0));
  });

  test("of a body that is far larger than its coded form is refused", async () => {
    const bomb = encode(Buffer.alloc(3 * DECODING_LIMITS.extra));
    expect(bomb.length).toBeLessThan(60_000);
    expect(kindOf(await decoded(coding, [bomb]))).toBe("size");
    expect(Buffer.isBuffer(await decoded(coding, [encode(Buffer.alloc(DECODING_LIMITS.extra))]))).toBe(true);
  });
});

test("several members of gzip are one body", async () => {
  expect(await decoded("gzip", [Buffer.concat([gzipSync("one, "), gzipSync("two")])])).toEqual(Buffer.from("one, two"));
});

test("a decoder that is paused decodes no more until it continues", async () => {
  const coded = gzipSync(Buffer.alloc(2_000_000, "x"));
  const { promise, resolve } = Promise.withResolvers<void>();
  const first = Promise.withResolvers<void>();
  let bytes = 0;
  const decoder = new BodyDecoder("gzip", {
    onDecoded: (piece) => {
      bytes += piece.length;
      decoder.pause();
      first.resolve();
    },
    onTaken: () => {},
    onDecodedEnd: resolve,
    onFault: (fault) => expect(fault).toBeUndefined(),
  });
  decoder.write(coded);
  decoder.end();
  await first.promise;
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
  expect(bytes).toBeLessThan(400_000);
  const timer = setInterval(() => decoder.resume(), 1);
  await promise;
  clearInterval(timer);
  expect(bytes).toBe(2_000_000);
});

test.each([
  ["", undefined],
  ["identity", undefined],
  ["gzip", "gzip"],
  ["X-GZIP", "gzip"],
  ["identity, br", "br"],
  ["zstd", "zstd"],
])("Content-Encoding %j is %s", (value, coding) => {
  expect(codingOf(value)).toBe(coding);
});

test.each(["compress", "gzip, br", "gzip,gzip", "dcb", "x"])("Content-Encoding %s is refused", (value) => {
  expect(() => codingOf(value)).toThrow(TransformFault);
});
