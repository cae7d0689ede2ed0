import fc from "fast-check";
import { expect, test } from "vitest";
import { BLOCK_SIZE } from "./block.js";
import { HeldBytes } from "./held-bytes.js";

function drain(held: HeldBytes): Buffer[] {
  const pieces: Buffer[] = [];
  for (let piece = held.shift(); piece !== undefined; piece = held.shift()) pieces.push(piece);
  return pieces;
}

test("one-byte pieces are kept as few blocks", () => {
  const held = new HeldBytes();
  for (let number = 0; number < 100_000; number++) held.add(Buffer.from([number & 0xff]));
  const pieces = drain(held);
  expect(pieces.length).toBe(Math.ceil(100_000 / BLOCK_SIZE));
  expect(pieces.reduce((sum, { buffer }) => sum + buffer.byteLength, 0)).toBeLessThan(100_000 + BLOCK_SIZE);
});

test("bytes leave in the order in which they came, whatever the pieces", () => {
  const length = fc.oneof(fc.nat(10), fc.nat(3 * BLOCK_SIZE));
  fc.assert(
    fc.property(fc.array(fc.oneof(length, fc.constant("shift" as const)), { maxLength: 30 }), (steps) => {
      const held = new HeldBytes();
      const added: Buffer[] = [];
      const removed: Buffer[] = [];
      for (const [index, step] of steps.entries()) {
        if (step === "shift") removed.push(held.shift() ?? Buffer.alloc(0));
        else {
          const piece = Buffer.alloc(step, index);
          held.add(piece);
          added.push(Buffer.from(piece));
          piece.fill(0xdb);
        }
        const left = Buffer.concat(added).length - Buffer.concat(removed).length;
        expect(held.length).toBe(left);
      }
      removed.push(...drain(held));
      expect(Buffer.concat(removed).equals(Buffer.concat(added))).toBe(true);
      expect(held.length).toBe(0);
    }),
    { numRuns: 50 },
  );
});
