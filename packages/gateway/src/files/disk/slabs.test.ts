import { expect, test } from "vitest";
import { Slabs } from "./slabs.js";

const SLAB = 256 * 1024;

test("small files share memory, which is used again when all of them are gone", () => {
  const slabs = new Slabs();
  const first = Array.from({ length: 64 }, () => slabs.take(4_096));
  expect(slabs.bytes).toBe(SLAB);
  expect(new Set(first.map(({ bytes }) => bytes.byteOffset)).size).toBe(64);
  const next = slabs.take(1);
  expect(slabs.bytes).toBe(2 * SLAB);
  for (const piece of first) slabs.give(piece, true);
  expect(slabs.bytes).toBe(SLAB);
  slabs.take(SLAB / 8);
  for (let n = 0; n < 8; n++) slabs.take(SLAB / 8);
  expect(slabs.take(1).bytes.buffer).toBe(first[0]!.bytes.buffer);
  expect(next.bytes.buffer).not.toBe(first[0]!.bytes.buffer);
});

test("memory to which a connection may still refer is not used again", () => {
  const slabs = new Slabs();
  const first = slabs.take(32 * 1024);
  const others = Array.from({ length: 7 }, () => slabs.take(32 * 1024));
  slabs.take(1);
  slabs.give(first, false);
  for (const piece of others) slabs.give(piece, true);
  for (let n = 0; n < 8; n++) slabs.take(32 * 1024);
  expect(slabs.take(1).bytes.buffer).not.toBe(first.bytes.buffer);
});

test("a larger file has memory of its own", () => {
  const slabs = new Slabs();
  const piece = slabs.take(100_000);
  expect(piece.bytes.buffer.byteLength).toBe(100_000);
  expect(slabs.bytes).toBe(100_000);
  slabs.give(piece, true);
  expect(slabs.bytes).toBe(0);
});
