import { Session, type TurnBudget } from "@postern/protocol";
import { beforeEach, describe, expect, test } from "vitest";
import { SERVER_LIMITS } from "../limits.js";
import { Owners, type OwnedSession, type OwnerLimits } from "./owners.js";

class FakeSession implements OwnedSession {
  readonly held: number;
  budget: TurnBudget = Session.budget((task) => void setImmediate(task));

  constructor(held = 0) {
    this.held = held;
  }

  endForMemory(): void {}
}

const LIMITS: OwnerLimits = { sessions: 3, names: 10, bindRate: 60 };
let now: number;
let owners: Owners;
beforeEach(() => {
  now = 0;
  owners = new Owners(LIMITS, () => now);
});

/** Whether each of `sessions` sessions of the owner is accepted. */
const entered = (owner: string, sessions: number): boolean[] =>
  Array.from({ length: sessions }, () => owners.enter(owner, new FakeSession()));

/** How many of `binds` binds are accepted at once. */
const accepted = (owner: string, binds: number): number =>
  Array.from({ length: binds }, () => owners.mayBind(owner)).filter(Boolean).length;

test("the sessions of one owner are limited, without effect on another owner", () => {
  const first = new FakeSession();
  expect(owners.enter("ann", first)).toBe(true);
  expect(entered("ann", 3)).toEqual([true, true, false]);
  expect(entered("bob", 1)).toEqual([true]);
  expect([...owners.sessions()]).toEqual([
    ["ann", 3],
    ["bob", 1],
  ]);
  owners.leave("ann", first);
  expect(entered("ann", 2)).toEqual([true, false]);
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
  const session = new FakeSession();
  for (let n = 0; n < 1_000; n++) {
    owners.enter("ann", session);
    if (owners.mayBind("ann")) binds++;
    owners.leave("ann", session);
    owners.sweep();
    now += 10;
  }
  expect(binds).toBe(60 + 9);
});

test("owners without sessions are forgotten once their rate has recovered", () => {
  const session = new FakeSession();
  for (let n = 0; n < 1_000; n++) {
    owners.enter(`owner-${n}`, session);
    owners.mayBind(`owner-${n}`);
    owners.leave(`owner-${n}`, session);
  }
  owners.sweep();
  expect(owners.size).toBe(1_000);
  now += 60_000;
  owners.sweep();
  expect(owners.size).toBe(0);
});

describe("the session that ends when memory is low", () => {
  const MUCH = SERVER_LIMITS.muchHeld;

  test("is the largest of the owner that holds the most, even if another owner has a larger one", () => {
    const many = [2, 3, 2.5].map((share) => new FakeSession(share * MUCH));
    for (const session of many) owners.enter("many", session);
    owners.enter("one", new FakeSession(7 * MUCH));
    expect(owners.largest()).toBe(many[1]);
    owners.leave("many", many[1]!);
    expect(owners.largest()?.held).toBe(7 * MUCH);
  });

  test("is none if no owner holds much", () => {
    expect(owners.largest()).toBeUndefined();
    for (let session = 0; session < 100; session++) owners.enter(`owner-${session}`, new FakeSession(MUCH - 1));
    expect(owners.largest()).toBeUndefined();
    owners.enter("owner-0", new FakeSession(1));
    expect(owners.largest()?.held).toBe(MUCH - 1);
  });
});

test("sessions of one owner share a budget, and no others", () => {
  const [one, two, other] = [new FakeSession(), new FakeSession(), new FakeSession()];
  owners.enter("ann", one);
  owners.enter("ann", two);
  owners.enter("ben", other);
  expect([one.budget === two.budget, one.budget === other.budget]).toEqual([true, false]);
});
