import { randomBytes } from "node:crypto";
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { AtOnceEncoder } from "./at-once-encoder.js";
import { createStream, flushKinds, type Coding } from "./coding.js";

const DECODERS = { gzip: gunzipSync, br: brotliDecompressSync, zstd: zstdDecompressSync };

test.for<Coding>([
  { name: "gzip", level: 6 },
  { name: "br", level: 4 },
  { name: "zstd", level: 3 },
])("bodies in $name are the same, one after another, and what cannot be compressed too", (coding) => {
  const encoder = new AtOnceEncoder(coding);
  const bodies = ["", "a", "text ".repeat(1_000), randomBytes(32_768), "text ".repeat(1_000), randomBytes(100_000)];
  for (const body of bodies) {
    const given = Buffer.from(body as string);
    expect(DECODERS[coding.name](encoder.encode(given)).equals(given)).toBe(true);
  }
  encoder.drop();
  expect(DECODERS[coding.name](encoder.encode(Buffer.from("again"))).toString()).toBe("again");
});

test("this version of Node.js has the members that make it fast", () => {
  const coding: Coding = { name: "gzip", level: 6 };
  expect(createStream(coding, flushKinds(coding).finish)).toMatchObject({
    _handle: { writeSync: expect.any(Function) as unknown },
    _writeState: expect.any(Uint32Array) as unknown,
  });
});
