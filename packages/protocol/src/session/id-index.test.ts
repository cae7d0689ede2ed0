import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { IdIndex } from "./id-index.js";

interface Member {
  readonly id: number;
}

/** Ids that meet in the same slots, and the largest ones. */
const anyId = fc.oneof(
  fc.integer({ min: 0, max: 40 }),
  fc.integer({ min: 0, max: 20 }).map((n) => n * 32),
  fc.integer({ min: 0xffff_ffe0, max: 0xffff_ffff }),
);

describe("an index of ids", () => {
  test("finds the same members as a Map", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), anyId), { maxLength: 200 }), (steps) => {
        const index = new IdIndex<Member>();
        const twin = new Map<number, Member>();
        for (const [adds, id] of steps) {
          if (!adds) {
            index.remove(id);
            twin.delete(id);
          } else if (!twin.has(id)) {
            const member = { id };
            index.add(member);
            twin.set(id, member);
          }
          expect(index.size).toBe(twin.size);
          for (const [, other] of steps) expect(index.find(other)).toBe(twin.get(other));
        }
        expect(index.all()).toEqual([...twin.values()].sort((one, other) => one.id - other.id));
      }),
    );
  });

  test("lists its members as they are by now, so that they can be removed meanwhile", () => {
    const index = new IdIndex<Member>();
    for (let id = 0; id < 100; id++) index.add({ id });
    const seen: number[] = [];
    for (const { id } of index.all()) {
      seen.push(id);
      index.remove(id);
    }
    expect(seen).toEqual(Array.from({ length: 100 }, (_, id) => id));
    expect(index.size).toBe(0);
  });
});
