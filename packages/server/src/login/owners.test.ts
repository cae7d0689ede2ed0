import { beforeEach, expect, test } from "vitest";
import { Owners, type OwnerLimits } from "./owners.js";

const LIMITS: OwnerLimits = { sessions: 2, names: 10, bindRate: 60 };
let now: number;
let owners: Owners;
beforeEach(() => {
  now = 0;
  owners = new Owners(LIMITS, () => now);
});

/** How many of `binds` binds are accepted at once. */
const accepted = (owner: string, binds: number): number =>
  Array.from({ length: binds }, () => owners.mayBind(owner)).filter(Boolean).length;

test("the sessions of one owner are limited, without effect on another owner", () => {
  expect([owners.enter("ann"), owners.enter("ann"), owners.enter("ann")]).toEqual([true, true, false]);
  expect(owners.enter("bob")).toBe(true);
  expect([...owners.sessions()]).toEqual([
    ["ann", 2],
    ["bob", 1],
  ]);
  owners.leave("ann");
  expect([owners.enter("ann"), owners.enter("ann")]).toEqual([true, false]);
});

test("a quiet owner may bind a minute's worth at once, and then at the rate", () => {
  expect(accepted("ann", 100)).toBe(60);
  expect(accepted("bob", 1)).toBe(1);
  now += 500;
  expect(accepted("ann", 100)).toBe(0);
  now += 500;
  expect(accepted("ann", 100)).toBe(1);
  now += 3_600_000;
  expect(accepted("ann", 100)).toBe(60);
});

test("a client that reconnects for every bind is limited like one that stays", () => {
  let binds = 0;
  for (let n = 0; n < 1_000; n++) {
    owners.enter("ann");
    if (owners.mayBind("ann")) binds++;
    owners.leave("ann");
    owners.sweep();
    now += 10;
  }
  expect(binds).toBe(60 + 9);
});

test("owners without sessions are forgotten once their rate has recovered", () => {
  for (let n = 0; n < 1_000; n++) {
    owners.enter(`owner-${n}`);
    owners.mayBind(`owner-${n}`);
    owners.leave(`owner-${n}`);
  }
  owners.sweep();
  expect(owners.size).toBe(1_000);
  now += 60_000;
  owners.sweep();
  expect(owners.size).toBe(0);
});
