import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RateTable } from "../middleware/rate-limit/rate-table.js";
import { KeptEntries } from "./kept-entries.js";
import { SharedRoom, type RoomShare } from "./shared-room.js";

/** A table that counts its entries. */
class Counted {
  entries = 0;
  isInUse = false;
  readonly share: RoomShare;

  constructor(room: SharedRoom) {
    this.share = room.share(() => {
      if (this.entries === 0 || this.isInUse) return false;
      this.entries--;
      this.share.remove();
      return true;
    });
  }

  add(): boolean {
    const has = this.share.add();
    if (has) this.entries++;
    return has;
  }
}

describe("a room that is shared", () => {
  test("has never more entries than places, whatever its tables do", () => {
    const step = fc.tuple(fc.nat(4), fc.constantFrom("add", "add", "add", "use", "close"));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const room = new SharedRoom(10);
        const tables = Array.from({ length: 5 }, () => new Counted(room));
        for (const [n, action] of steps) {
          const table = tables[n]!;
          if (action === "add") table.add();
          else if (action === "use") table.isInUse = !table.isInUse;
          else {
            table.entries = 0;
            table.share.close();
          }
          expect(room.used).toBe(tables.reduce((sum, { entries }) => sum + entries, 0));
          expect(room.used).toBeLessThanOrEqual(10);
        }
      }),
    );
  });

  test("takes nothing from tables with few entries when another one is flooded", () => {
    const room = new SharedRoom(1_000);
    const small = Array.from({ length: 9 }, () => new Counted(room));
    for (const table of small) for (let n = 0; n < 50; n++) table.add();
    const flooded = new Counted(room);
    for (let n = 0; n < 100_000; n++) expect(flooded.add()).toBe(true);
    expect(small.map(({ entries }) => entries)).toEqual(Array<number>(9).fill(50));
    expect(flooded.entries).toBe(550);
    // A table that comes later gets its share.
    const late = new Counted(room);
    for (let n = 0; n < 90; n++) expect(late.add()).toBe(true);
    expect([late.entries, flooded.entries]).toEqual([90, 460]);
    expect(small.map(({ entries }) => entries)).toEqual(Array<number>(9).fill(50));
  });

  test("refuses an entry only if all others are in use", () => {
    const room = new SharedRoom(4);
    const [one, other] = [new Counted(room), new Counted(room)];
    for (let n = 0; n < 4; n++) one.add();
    one.isInUse = true;
    expect(other.add()).toBe(false);
    one.isInUse = false;
    expect(other.add()).toBe(true);
  });
});

test("a million addresses at two tunnels occupy the places of the room, and a third tunnel counts exactly", () => {
  const room = new SharedRoom(2_000);
  const [first, second, third] = [0, 1, 2].map(() => new RateTable(undefined, room)) as [
    RateTable,
    RateTable,
    RateTable,
  ];
  const kept = third.entry("a", 0, 1_000);
  kept!.nextAt = 60_000;
  for (let n = 0; n < 500_000; n++) {
    first.entry(`${n}`, n / 1_000, 1_000_000)!.nextAt = 1e9;
    second.entry(`${n}`, n / 1_000, 1_000_000)!.nextAt = 1e9;
  }
  expect(room.used).toBeLessThanOrEqual(2_000);
  expect([first.size + second.size, third.size]).toEqual([1_999, 1]);
  expect(third.entry("a", 500, 1_000)).toBe(kept);
  first.close();
  expect(room.used).toBe(second.size + 1);
});

test("what is known of passwords makes room, too, and is kept without room", () => {
  const room = new SharedRoom(10);
  const answers = new KeptEntries<number>({ most: 10_000, room });
  for (let n = 0; n < 100; n++) answers.add(`${n}`, n);
  expect([room.used, answers.get("99"), answers.get("0")]).toEqual([10, 99, undefined]);
  answers.add("99", 1);
  expect(room.used).toBe(10);
  answers.close();
  expect(room.used).toBe(0);
});
