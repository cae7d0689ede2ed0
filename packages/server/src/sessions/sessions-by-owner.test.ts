import { Session, type TurnBudget } from "@postern/protocol";
import { expect, test } from "vitest";
import { SERVER_LIMITS } from "../limits.js";
import { SessionsByOwner, type OwnedSession } from "./sessions-by-owner.js";

const MUCH = SERVER_LIMITS.muchHeld;

class FakeSession implements OwnedSession {
  readonly held: number;
  budget: TurnBudget = Session.budget((task) => void setImmediate(task));

  constructor(held: number) {
    this.held = held;
  }
}

test("the owner that holds the most loses its largest session, even if another owner has a larger one", () => {
  const byOwner = new SessionsByOwner<FakeSession>();
  const many = [2, 3, 2.5].map((share) => new FakeSession(share * MUCH));
  for (const session of many) byOwner.add("many", session);
  byOwner.add("one", new FakeSession(7 * MUCH));
  expect(byOwner.largest()).toBe(many[1]);
  byOwner.remove("many", many[1]!);
  expect(byOwner.largest()?.held).toBe(7 * MUCH);
});

test("no session ends if no owner holds much", () => {
  const byOwner = new SessionsByOwner<FakeSession>();
  expect(byOwner.largest()).toBeUndefined();
  for (let session = 0; session < 100; session++) byOwner.add(`owner-${session}`, new FakeSession(MUCH - 1));
  expect(byOwner.largest()).toBeUndefined();
  byOwner.add("owner-0", new FakeSession(1));
  expect(byOwner.largest()?.held).toBe(MUCH - 1);
});

test("sessions of one owner share a budget, and no others", () => {
  const byOwner = new SessionsByOwner<FakeSession>();
  const [one, two, other] = [new FakeSession(0), new FakeSession(0), new FakeSession(0)];
  byOwner.add("ann", one);
  byOwner.add("ann", two);
  byOwner.add("ben", other);
  expect([one.budget === two.budget, one.budget === other.budget]).toEqual([true, false]);
});
