import { expect, test } from "vitest";
import { PacedQueue } from "./paced-queue.js";

test("tasks run in order, a few in each turn of the event loop", async () => {
  const done: number[] = [];
  const queue = new PacedQueue(2);
  for (let n = 0; n < 5; n++) queue.add(() => done.push(n));
  expect(done).toEqual([]);
  for (const expected of [2, 4, 5, 5]) {
    await new Promise((resolve) => setImmediate(resolve));
    expect(done).toEqual([0, 1, 2, 3, 4].slice(0, expected));
  }
  queue.add(() => done.push(5));
  await new Promise((resolve) => setImmediate(resolve));
  expect(done.at(-1)).toBe(5);
});
