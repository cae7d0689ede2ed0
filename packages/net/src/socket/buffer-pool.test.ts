import { expect, test } from "vitest";
import { BufferPool, giveBack, isLent, lend, release } from "./buffer-pool.js";

test("released memory goes to the next owner", () => {
  const pool = new BufferPool(8, 1);
  const { buffer } = pool.take();
  release(buffer);
  expect(pool.take().buffer).toBe(buffer);
  expect(pool.take().buffer).not.toBe(buffer);
});

test("memory that is released during a loan goes to the next owner after the last loan", () => {
  const pool = new BufferPool(8, 1);
  const { buffer } = pool.take();
  lend(buffer);
  lend(buffer);
  release(buffer);
  giveBack(buffer);
  expect([isLent(buffer), pool.take().buffer === buffer]).toEqual([true, false]);
  giveBack(buffer);
  expect([isLent(buffer), pool.take().buffer === buffer]).toEqual([false, true]);
});

test("memory stays with its owner after a loan, and has one next owner after a second release", () => {
  const pool = new BufferPool(8, 2);
  const { buffer } = pool.take();
  lend(buffer);
  giveBack(buffer);
  expect(pool.take().buffer).not.toBe(buffer);
  release(buffer);
  release(buffer);
  expect([pool.take(), pool.take()].filter((taken) => taken.buffer === buffer)).toHaveLength(1);
});

test("a pool keeps at most the given number of buffers", () => {
  const pool = new BufferPool(8, 2);
  const taken = [pool.take(), pool.take(), pool.take()];
  for (const { buffer } of taken) release(buffer);
  const again = [pool.take(), pool.take(), pool.take()];
  expect(again.filter(({ buffer }) => taken.some((each) => each.buffer === buffer))).toHaveLength(2);
});
