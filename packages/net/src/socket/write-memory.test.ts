import { expect, test } from "vitest";
import { giveBack, lend } from "./buffer-pool.js";
import { WRITE_MEMORY } from "./write-memory.js";

test("messages use the same memory, one after the other", () => {
  const first = WRITE_MEMORY.take(100);
  expect(first.length).toBe(100);
  expect(WRITE_MEMORY.take(100)).toBe(first);
  const longer = WRITE_MEMORY.take(5_000);
  expect([longer.length, longer.buffer === first.buffer, longer.byteOffset]).toEqual([5_000, true, first.byteOffset]);
});

test("while a message is on loan, the next ones get other memory", () => {
  const first = WRITE_MEMORY.take(100);
  lend(first.buffer);
  const second = WRITE_MEMORY.take(100);
  expect(second.buffer).not.toBe(first.buffer);
  lend(second.buffer);
  const third = WRITE_MEMORY.take(100);
  expect([first.buffer, second.buffer]).not.toContain(third.buffer);
  giveBack(first.buffer);
  giveBack(second.buffer);
  lend(third.buffer);
  expect([first.buffer, second.buffer]).toContain(WRITE_MEMORY.take(100).buffer);
  giveBack(third.buffer);
});

test("a message that is longer than the memory gets memory of its own", () => {
  const small = WRITE_MEMORY.take(1);
  const large = WRITE_MEMORY.take(100_000);
  expect([large.length, large.buffer === small.buffer]).toEqual([100_000, false]);
});
