import { expect, test } from "vitest";
import { Slabs, type Piece } from "./slabs.js";

const SLAB = 256 * 1024;

function take(slabs: Slabs, count: number, size: number): Piece[] {
  return Array.from({ length: count }, () => slabs.take(size));
}

/** Whether two pieces are in the same allocation. Comparing buffers with `toBe` would print them. */
const isShared = (one: Piece, other: Piece): boolean => one.bytes.buffer === other.bytes.buffer;
const isSamePlace = (one: Piece, other: Piece): boolean =>
  isShared(one, other) && one.bytes.byteOffset === other.bytes.byteOffset;

test("small files share memory, and no two of them the same bytes", () => {
  const slabs = new Slabs();
  const pieces = take(slabs, 64, 4_096);
  expect(slabs.bytes).toBe(SLAB);
  expect(new Set(pieces.map(({ bytes }) => bytes.byteOffset)).size).toBe(64);
  slabs.take(4_096);
  expect(slabs.bytes).toBe(2 * SLAB);
});

test("the place of a file that is gone is used again for a file of about its size, beside files that stay", () => {
  const slabs = new Slabs();
  const pieces = take(slabs, 64, 4_000);
  slabs.give(pieces[7]!, true);
  expect(isSamePlace(slabs.take(4_096), pieces[7]!)).toBe(true);
  expect(slabs.bytes).toBe(SLAB);
});

test("a slab without files is used again for files of another size", () => {
  const slabs = new Slabs();
  const pieces = take(slabs, 3, 4_096);
  for (const piece of pieces) slabs.give(piece, true);
  expect(slabs.bytes).toBe(0);
  const other = slabs.take(100);
  expect(isShared(other, pieces[0]!)).toBe(true);
  expect(slabs.bytes).toBe(SLAB);
});

test("memory to which a connection may still refer is not used again, and its slab is when nobody needs it", () => {
  const slabs = new Slabs();
  const pieces = take(slabs, 8, 32 * 1024);
  slabs.give(pieces[3]!, false);
  slabs.give(pieces[5]!, true);
  expect(isSamePlace(slabs.take(32 * 1024), pieces[5]!)).toBe(true);
  expect(isShared(slabs.take(32 * 1024), pieces[3]!)).toBe(false);
  for (const [n, piece] of pieces.entries()) if (n !== 3) slabs.give(piece, true);
  expect(slabs.bytes).toBe(SLAB);
  expect(take(slabs, 40, 32 * 1024).some((piece) => isShared(piece, pieces[3]!))).toBe(false);
});

test("files that are only sent do not keep the memory of those that stay, nor the reverse", () => {
  const slabs = new Slabs();
  const [lasting, passing] = [slabs.take(4_096), slabs.take(4_096, false)];
  expect(isShared(lasting, passing)).toBe(false);
  slabs.keep(lasting);
  expect({ bytes: slabs.bytes, kept: slabs.kept }).toEqual({ bytes: 2 * SLAB, kept: SLAB });
  slabs.give(passing, false);
  expect(slabs.bytes).toBe(SLAB);
});

test("any sequence of sizes, takes and gives keeps every content as it is, and comes back to nothing", () => {
  const slabs = new Slabs();
  const held: { piece: Piece; mark: number }[] = [];
  let random = 1;
  const below = (most: number): number => (random = (random * 48_271) % 2_147_483_647) % most;
  for (let n = 0; n < 5_000; n++) {
    if (held.length > 0 && below(5) < 2) {
      const [{ piece, mark }] = held.splice(below(held.length), 1) as [(typeof held)[number]];
      if (!piece.bytes.every((byte) => byte === mark)) expect.fail(`the bytes of piece ${n} changed`);
      slabs.give(piece, below(10) > 0);
    } else {
      const size = below(3) === 0 ? below(40_000) : below(600);
      const piece = slabs.take(size, below(2) === 0);
      expect(piece.bytes.length).toBe(size);
      held.push({ piece, mark: n % 256 });
      piece.bytes.fill(n % 256);
    }
  }
  for (const { piece } of held) slabs.give(piece, true);
  expect(slabs.bytes).toBe(0);
});

test("a larger file has memory of its own", () => {
  const slabs = new Slabs();
  const piece = slabs.take(100_000);
  expect(piece.bytes.buffer.byteLength).toBe(100_000);
  expect(slabs.bytes).toBe(100_000);
  slabs.give(piece, true);
  expect(slabs.bytes).toBe(0);
});
