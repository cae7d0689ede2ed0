import { expect, test } from "vitest";
import type { Found } from "./found.js";
import { PathLookUp, type LookUpRoot, type LookUpWaiter } from "./path-look-ups.js";

const ROOT: LookUpRoot = {
  begin() {},
  takeRoom: () => {
    throw new Error("nothing is read");
  },
  onLookedUp() {},
};

class Waiter implements LookUpWaiter {
  readonly found: Found[] = [];

  onFound(_: PathLookUp, found: Found): void {
    this.found.push(found);
  }
}

test("who has left gets no result, and is not kept until there is one", () => {
  const lookUp = new PathLookUp(ROOT, "/a", 1, 0);
  const waiters = Array.from({ length: 3 }, () => new Waiter());
  for (const waiter of waiters) lookUp.add(waiter);
  lookUp.remove(waiters[1]!);
  lookUp.remove(waiters[1]!);
  expect(lookUp.waiting).toBe(2);
  lookUp.end("missing");
  expect(waiters.map(({ found }) => found)).toEqual([["missing"], [], ["missing"]]);
});
