import { expect, test } from "vitest";
import { BoundedIterator } from "./bounded-iterator.js";

function numbers(most?: number): {
  iterator: BoundedIterator<number>;
  push: (item: number) => void;
  stops: () => number;
} {
  let stops = 0;
  let push!: (item: number) => void;
  const iterator = new BoundedIterator<number>((each) => {
    push = each;
    return () => stops++;
  }, most);
  return { iterator, push, stops: () => stops };
}

test("items pushed before and after the read are read in order", async () => {
  const { iterator, push } = numbers();
  push(1);
  push(2);
  const [one, two, three] = [iterator.next(), iterator.next(), iterator.next()];
  push(3);
  iterator.end();
  expect(await Promise.all([one, two, three, iterator.next()])).toEqual([
    { done: false, value: 1 },
    { done: false, value: 2 },
    { done: false, value: 3 },
    { done: true, value: undefined },
  ]);
});

test("a slow reader misses the oldest items, which are counted", async () => {
  const { iterator, push } = numbers(3);
  for (let n = 1; n <= 10; n++) push(n);
  iterator.end();
  const read: number[] = [];
  for await (const n of iterator) read.push(n);
  expect([read, iterator.missed]).toEqual([[8, 9, 10], 7]);
});

test("a reader that stops is unsubscribed", async () => {
  const { iterator, push, stops } = numbers();
  push(1);
  for await (const _ of iterator) break;
  push(2);
  expect([await iterator.next(), stops()]).toEqual([{ done: true, value: undefined }, 1]);
});

test("pending reads are done when the iterator ends", async () => {
  const { iterator, stops } = numbers();
  const waiting = iterator.next();
  iterator.end();
  iterator.end();
  expect([await waiting, stops()]).toEqual([{ done: true, value: undefined }, 1]);
});
