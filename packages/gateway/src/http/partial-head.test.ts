import { expect, test } from "vitest";
import { PartialHead } from "./partial-head.js";

test("an incomplete head is kept as a copy, whatever the sizes of its pieces", () => {
  const whole = Buffer.from(Array.from({ length: 5_000 }, (_, number) => number % 251));
  const first = Buffer.from(whole.subarray(0, 3));
  const head = new PartialHead(first);
  first.fill(0xdb);
  for (let at = 3, size = 1; at < whole.length; at += size, size = (size * 7) % 64 || 1) {
    const piece = Buffer.from(whole.subarray(at, at + size));
    head.add(piece);
    piece.fill(0xdb);
  }
  expect(head.bytes.equals(whole)).toBe(true);
});

test("one-byte pieces reallocate its memory only when it is full", () => {
  const head = new PartialHead(Buffer.from("H"));
  const memories = new Set<ArrayBufferLike | number>();
  for (let count = 0; count < 32_768; count++) {
    head.add(Buffer.from("x"));
    memories.add(head.bytes.byteOffset).add(head.bytes.buffer);
  }
  expect(memories.size).toBeLessThan(40);
});
