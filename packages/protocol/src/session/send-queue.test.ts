import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { SendQueue } from "./send-queue.js";

function takeFrom(queue: SendQueue, bytes: number): Buffer {
  const taken: Buffer[] = [];
  queue.take(bytes, (block, start, end) => taken.push(Buffer.from(block.subarray(start, end))));
  return Buffer.concat(taken);
}

test("queues that share their memory return what was pushed to each of them, in order", () => {
  const step = fc.record({
    queue: fc.nat(2),
    does: fc.constantFrom("push", "push", "take", "take", "clear"),
    bytes: fc.oneof(fc.nat(300), fc.nat(5_000), fc.nat(100_000)),
  });
  let value = 0;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
      const queues = Array.from({ length: 3 }, () => ({ queue: new SendQueue(), expected: Buffer.alloc(0) }));
      for (const { queue: index, does, bytes } of steps) {
        const one = queues[index] as (typeof queues)[0];
        if (does === "push") {
          const chunk = Buffer.from(
            Array.from({ length: Math.min(bytes, 40_000) }, () => (value = (value * 31 + 7) & 0xff)),
          );
          one.expected = Buffer.concat([one.expected, chunk]);
          one.queue.push(chunk);
          // The queue has copied it.
          chunk.fill(0xdb);
        } else if (does === "take") {
          const count = Math.min(bytes, one.queue.length);
          expect(takeFrom(one.queue, count).equals(one.expected.subarray(0, count))).toBe(true);
          one.expected = one.expected.subarray(count);
        } else {
          one.queue.clear();
          one.expected = Buffer.alloc(0);
        }
        expect(one.queue.length).toBe(one.expected.length);
      }
    }),
    { numRuns: 100 },
  );
});

test("bulk data needs no new memory once the queues have been as long before", () => {
  const queues = Array.from({ length: 20 }, () => new SendQueue());
  const chunk = Buffer.alloc(65_000, "x");
  const use = (): void => {
    for (const queue of queues) queue.push(chunk);
    for (const [index, queue] of queues.entries()) {
      if (index % 2 === 0) queue.clear();
      else takeFrom(queue, chunk.length);
    }
  };
  use();
  const allocated = (["allocUnsafe", "allocUnsafeSlow"] as const).map((name) => vi.spyOn(Buffer, name));
  for (let round = 0; round < 10; round++) use();
  const blocks = allocated.flatMap(({ mock }) => mock.calls).filter(([bytes]) => bytes !== chunk.length);
  vi.restoreAllMocks();
  // The test itself copies whole chunks.
  expect(blocks).toEqual([]);
});

test("a queue of a few bytes needs little memory", () => {
  const allocated = vi.spyOn(Buffer, "allocUnsafe");
  const queue = new SendQueue();
  for (let byte = 0; byte < 300; byte++) queue.push(Buffer.from("x"));
  const bytes = allocated.mock.calls.reduce((sum, [size]) => sum + size, 0);
  vi.restoreAllMocks();
  expect(bytes).toBeLessThan(1_000);
  expect(takeFrom(queue, 300).toString()).toBe("x".repeat(300));
});

test("a queue that is cleared while its bytes are written gives each block back once", () => {
  const queue = new SendQueue();
  const other = new SendQueue();
  queue.push(Buffer.alloc(40_000, "a"));
  queue.take(40_000, () => queue.clear());
  const chunk = Buffer.concat(["b", "c", "d", "e", "f"].map((text) => Buffer.alloc(16_384, text)));
  other.push(chunk);
  expect(takeFrom(other, chunk.length).equals(chunk)).toBe(true);
});
