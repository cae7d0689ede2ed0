import { describe, expect, test } from "vitest";
import { candidate, contextOf, describeBalance } from "./balance.suite.js";
import { Rendezvous } from "./rendezvous.js";

const byAddress = (): Rendezvous => new Rendezvous(({ address }) => address);
const KEYS = Array.from({ length: 4_000 }, (_, n) => `10.0.${n >> 8}.${n & 255}`);

describe.each([
  ["few", 5],
  ["many", 200],
])("rendezvous hashing of %s candidates", (_, count) => {
  const create = () => Array.from({ length: count }, (__, n) => ({ ...candidate(`t${n}:80`), available: true }));

  test("sends the same key to the same candidate, also in another process and in another order", () => {
    const [one, two] = [byAddress(), byAddress()];
    const all = create();
    const reversed = all.toReversed();
    for (const key of KEYS.slice(0, 500)) {
      const first = one.pick(all, contextOf(key));
      expect(one.pick(all, contextOf(key))).toBe(first);
      expect(two.pick(reversed, contextOf(key))).toBe(first);
    }
  });

  test("moves only the keys of a candidate that is unavailable, to all others, and moves them back", () => {
    const balance = byAddress();
    const all = create();
    const before = KEYS.map((key) => balance.pick(all, contextOf(key)));
    const [down] = all;
    down!.available = false;
    const moved = new Set<unknown>();
    for (const [n, key] of KEYS.entries()) {
      const picked = balance.pick(all, contextOf(key));
      if (before[n] === down) moved.add(picked);
      else expect(picked).toBe(before[n]);
    }
    expect(moved.size).toBeGreaterThan(Math.min(3, count - 2));
    down!.available = true;
    expect(KEYS.map((key) => balance.pick(all, contextOf(key)))).toEqual(before);
  });

  test("moves only the keys of a candidate that is removed", () => {
    const balance = byAddress();
    const all = create();
    const before = KEYS.map((key) => balance.pick(all, contextOf(key)));
    const left = all.slice(1);
    const changes = KEYS.filter((key, n) => balance.pick(left, contextOf(key)) !== before[n]);
    const own = before.filter((each) => each === all[0]).length;
    // The table of many candidates has another size for another number of them, but not for one more or less.
    expect(changes.length).toBe(own);
  });
});

describe("rendezvous hashing", () => {
  // Every request of the suite has another address, as its keys.
  describeBalance(() => new Rendezvous(({ address }) => `${address} ${(serial += 1)}`), { weighs: true, ramps: false });
  let serial = 0;

  test("tells candidates with the same name apart", () => {
    const twins = [candidate("t:80"), candidate("t:80")];
    const picked = new Set(KEYS.slice(0, 50).map((key) => byAddress().pick(twins, contextOf(key))));
    expect(picked.size).toBe(2);
  });
});
