import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FairQueue } from "./fair-queue.js";

function queue(most: number): { dropped: string[]; items: FairQueue<string> } {
  const dropped: string[] = [];
  return { dropped, items: new FairQueue(most, (item) => void dropped.push(item)) };
}

describe("a fair queue", () => {
  test("gives each owner its turn, whatever the number of its items", () => {
    const { items } = queue(10);
    for (const item of ["a1", "a2", "a3", "a4", "b1", "c1", "b2"]) expect(items.add(item[0]!, item)).toBe(true);
    const taken = Array.from({ length: 8 }, () => items.take());
    expect(taken).toEqual(["a1", "b1", "c1", "a2", "b2", "a3", "a4", undefined]);
  });

  test("that is full makes room for an owner with fewer items: the newest one of the owner with most is dropped", () => {
    const { items, dropped } = queue(4);
    for (const item of ["a1", "a2", "a3", "a4"]) items.add("a", item);
    expect(items.add("a", "a5")).toBe(false);
    expect([items.add("b", "b1"), items.add("b", "b2"), items.add("b", "b3")]).toEqual([true, true, false]);
    expect(dropped).toEqual(["a4", "a3"]);
    expect([items.take(), items.take(), items.take(), items.take()]).toEqual(["a1", "b1", "a2", "b2"]);
  });

  test("loses no item and never has too many", () => {
    const step = fc.oneof(fc.constantFrom("take"), fc.constantFrom("a", "b", "c"));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const { items, dropped } = queue(5);
        const waiting = new Set<string>();
        let count = 0;
        for (const each of steps) {
          if (each === "take") {
            const taken = items.take();
            expect(taken === undefined).toBe(waiting.size === 0);
            if (taken !== undefined) expect(waiting.delete(taken)).toBe(true);
          } else {
            const item = `${each}${count++}`;
            if (items.add(each, item)) waiting.add(item);
            for (const gone of dropped.splice(0)) waiting.delete(gone);
          }
          expect(waiting.size).toBeLessThanOrEqual(5);
        }
      }),
    );
  });
});
