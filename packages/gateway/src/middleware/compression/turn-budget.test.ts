import type { TurnTask } from "@postern/net";
import { expect, test } from "vitest";
import { TurnBudget } from "./turn-budget.js";

test("a turn has a limited amount of work, and the next one has as much again", () => {
  const tasks: TurnTask[] = [];
  const budget = new TurnBudget(100, (task) => void tasks.push(task));
  expect([budget.take(60), budget.take(50), budget.take(40), budget.take(1)]).toEqual([true, false, true, false]);
  expect(tasks).toEqual([budget]);
  tasks.pop()!.onTurnEnd();
  expect([budget.take(101), budget.take(100)]).toEqual([false, true]);
  expect(tasks).toEqual([budget]);
});
