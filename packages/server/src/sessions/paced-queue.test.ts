import { expect, test } from "vitest";
import { Turns } from "./paced-queue.js";

test("what comes at once is done a little in each turn of the event loop, in order", async () => {
  const done: number[] = [];
  const turns = new Turns(2);
  for (let n = 0; n < 5; n++) turns.add(() => done.push(n));
  expect(done).toEqual([]);
  for (const expected of [2, 4, 5, 5]) {
    await new Promise((resolve) => setImmediate(resolve));
    expect(done).toEqual([0, 1, 2, 3, 4].slice(0, expected));
  }
  turns.add(() => done.push(5));
  await new Promise((resolve) => setImmediate(resolve));
  expect(done.at(-1)).toBe(5);
});
