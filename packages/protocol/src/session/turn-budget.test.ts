import { beforeEach, expect, test } from "vitest";
import { TurnBudget } from "./turn-budget.js";

let scheduled: (() => void)[];
let budget: TurnBudget;
let resumed: string[];
beforeEach(() => {
  scheduled = [];
  resumed = [];
  budget = new TurnBudget(10, (task) => scheduled.push(task));
});

/** Ends a turn. */
function end(): void {
  const due = scheduled;
  scheduled = [];
  for (const run of due) run();
}

/** Waits, and spends `work` when it resumes. */
function wait(name: string, work: number): void {
  budget.wait(() => {
    resumed.push(name);
    budget.spend(work);
  });
}

test("those that wait resume in turns, as far as the budget suffices", () => {
  budget.spend(10);
  expect(budget.isSpent).toBe(true);
  wait("a", 6);
  wait("b", 6);
  wait("c", 6);
  expect(scheduled).toHaveLength(1);
  end();
  expect(resumed).toEqual(["a", "b"]);
  end();
  expect([resumed, scheduled]).toEqual([["a", "b", "c"], []]);
});

test("an error of one does not stop the others, and is not lost", () => {
  budget.spend(10);
  budget.wait(() => {
    throw new Error("a fault");
  });
  wait("b", 6);
  wait("c", 6);
  expect(end).toThrow("a fault");
  end();
  expect([resumed, scheduled]).toEqual([["b", "c"], []]);
});
