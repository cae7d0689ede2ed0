import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { AwaitedResult, type ResultWaiter } from "./awaited-result.js";

class Waiter implements ResultWaiter<string> {
  readonly calls: unknown[] = [];

  next(result: string): void {
    this.calls.push(result);
    if (result === "bad") throw new Error("broken");
  }

  onFailure(): void {
    this.calls.push("failed");
  }

  onFault(error: unknown): void {
    this.calls.push((error as Error).message);
  }
}

test("the waiter gets the result, or that there is none; its own errors come back to it", async () => {
  const waiters = Array.from({ length: 3 }, () => new Waiter());
  void new AwaitedResult(Promise.resolve("good"), waiters[0]!);
  void new AwaitedResult(Promise.resolve("bad"), waiters[1]!);
  void new AwaitedResult<string>(Promise.reject(new Error("disk")), waiters[2]!);
  await new Promise(setImmediate);
  expect(waiters.map(({ calls }) => calls)).toEqual([["good"], ["bad", "broken"], ["failed"]]);
});

test("who has left gets nothing, and is not kept while the result does not come", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const { promise, resolve } = Promise.withResolvers<string>();
  const left = (): WeakRef<Waiter> => {
    const waiter = new Waiter();
    new AwaitedResult(promise, waiter).leave();
    return new WeakRef(waiter);
  };
  const gone = Array.from({ length: 10 }, left);
  const stays = new Waiter();
  void new AwaitedResult(promise, stays);
  // A WeakRef keeps its target until the end of the turn.
  await new Promise(setImmediate);
  collect();
  expect(gone.map((each) => each.deref())).toEqual(gone.map(() => undefined));
  resolve("late");
  await new Promise(setImmediate);
  expect(stays.calls).toEqual(["late"]);
});
