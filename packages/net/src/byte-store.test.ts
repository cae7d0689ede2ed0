import { expect, test } from "vitest";
import { ByteStore } from "./byte-store.js";

test("the bytes are kept as a copy, whatever the sizes of the pieces", () => {
  const whole = Buffer.from(Array.from({ length: 5_000 }, (_, number) => number % 251));
  const store = new ByteStore();
  for (let at = 0, size = 3; at < whole.length; at += size, size = (size * 7) % 64 || 1) {
    const piece = Buffer.from(whole.subarray(at, at + size));
    store.add(piece);
    piece.fill(0xdb);
  }
  expect([store.length, store.bytes.equals(whole)]).toEqual([whole.length, true]);
});

test("one-byte pieces reallocate the memory only when it is full", () => {
  const store = new ByteStore();
  const memories = new Set<ArrayBufferLike | number>();
  for (let count = 0; count < 32_768; count++) {
    store.add(Buffer.from("x"));
    memories.add(store.bytes.byteOffset).add(store.bytes.buffer);
  }
  expect(memories.size).toBeLessThan(40);
});
