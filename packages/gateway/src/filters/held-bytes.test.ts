import fc from "fast-check";
import { expect, test } from "vitest";
import { release } from "@postern/net";
import { BLOCK, BODY_MEMORY, HeldBytes } from "./held-bytes.js";

test("what is taken is what was given, in any order of giving and taking, although memory is used again", () => {
  const action = fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: 0, max: 2 * BLOCK + 1 }) },
    { weight: 3, arbitrary: fc.integer({ min: 0, max: 200 }) },
    fc.constantFrom("block" as const, "all" as const),
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 30 }), (actions) => {
      const [held, other] = [new HeldBytes(), new HeldBytes()];
      let [given, taken, seed] = ["", "", 0];
      for (const what of actions) {
        if (typeof what === "number") {
          const bytes = Buffer.alloc(what, `${seed++} `);
          held.append(bytes);
          given += bytes.toString("latin1");
          bytes.fill(0xdb);
        } else {
          const block = what === "all" ? held.takeAll() : (held.takeBlock() ?? Buffer.alloc(0));
          taken += block.toString("latin1");
          release(block.buffer);
          // Another body uses what is free now.
          other.append(Buffer.alloc(BLOCK, 0xdb));
        }
        expect(held.length).toBe(given.length - taken.length);
      }
      expect(taken + held.takeAll().toString("latin1")).toBe(given);
      other.drop();
    }),
    { numRuns: 100 },
  );
});

test("small pieces are taken together, up to the size of a block", () => {
  const held = new HeldBytes();
  for (let n = 0; n < 1_000; n++) held.append(Buffer.alloc(100, "a"));
  const lengths = [held.takeBlock(), held.takeBlock(), held.takeBlock()].map((block) => block?.length);
  expect(lengths).toEqual([65_500, 34_500, undefined]);
});

test("bodies that arrive in small pieces hold no block, and a block is used again", () => {
  const held = new HeldBytes();
  for (let n = 0; n < 100; n++) held.append(Buffer.alloc(100, "a"));
  expect(held.takeAll().toString()).toBe("a".repeat(10_000));
  held.append(Buffer.alloc(10_000, "b"));
  const memory = held.takeBlock()!.buffer;
  release(memory);
  expect(BODY_MEMORY.take().buffer).toBe(memory);
  release(memory);
});
