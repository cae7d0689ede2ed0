import { expect, test } from "vitest";
import { FileBlocks } from "./file-blocks.js";

const KB = 1024;
const MB = 1024 * KB;

test("a block is as large as it has to be, and at most 256 KB", () => {
  const blocks = new FileBlocks(32 * MB);
  for (const [wanted, size] of [
    [1, 16],
    [16 * KB, 16],
    [16 * KB + 1, 32],
    [100 * KB, 128],
    [200 * KB, 256],
    [10 * MB, 256],
  ] as const)
    expect(blocks.take(wanted)).toHaveLength(size * KB);
});

test("1,000 visitors that read nothing keep little more than the limit, and many of them have to come for small blocks", () => {
  const blocks = new FileBlocks(32 * MB);
  const taken = Array.from({ length: 1_000 }, () => blocks.take(MB));
  expect(taken.slice(0, 64).every(({ length }) => length === 256 * KB)).toBe(true);
  expect(blocks.bytes).toBeLessThan(46 * MB);
  expect(taken.at(-1)).toHaveLength(16 * KB);
  expect(taken.findIndex(({ length }) => length < 64 * KB)).toBeGreaterThan(150);
  for (const block of taken) blocks.give(block);
  expect(blocks.bytes).toBe(0);
});

test("memory is used again, and a body reads ahead only while half of it is free", () => {
  const blocks = new FileBlocks(2 * MB);
  const first = blocks.take(20 * KB);
  expect(blocks.hasPlenty).toBe(true);
  blocks.give(first);
  expect(blocks.take(20 * KB)).toBe(first);
  while (blocks.bytes < MB) blocks.take(MB);
  expect(blocks.hasPlenty).toBe(false);
});
