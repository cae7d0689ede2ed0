import type { TurnTask } from "@postern/net";
import { expect, test } from "vitest";
import { TurnBudget } from "./turn-budget.js";

test("a turn has a limited amount of work, later turns do the rest in order, and too much is refused", () => {
  const tasks: TurnTask[] = [];
  const done: string[] = [];
  const budget = new TurnBudget(100, (task) => void tasks.push(task));
  const run = (name: string, amount: number): boolean => budget.run(amount, () => void done.push(name));
  const endTurn = (): string => {
    tasks.pop()?.onTurnEnd();
    return done.splice(0).join("");
  };
  // The last one would fit into the turn, but others wait.
  expect([run("a", 60), run("b", 50), run("c", 40), run("d", 1)]).toEqual([true, true, true, true]);
  expect(done.splice(0)).toEqual(["a"]);
  expect(endTurn()).toBe("bcd");
  // The work at the end of a turn counts for the next one.
  expect([run("e", 9), run("f", 1)]).toEqual([true, true]);
  expect(done.splice(0)).toEqual(["e"]);
  expect(endTurn()).toBe("f");
  expect(endTurn()).toBe("");
  expect(tasks).toEqual([]);

  expect(run("too much", 101)).toBe(false);
  const names = Array.from("ghijklmnopqrstu");
  expect(names.map((name) => run(name, 90))).toEqual(names.map((name) => name !== "u"));
  expect([done.splice(0).join(""), ...names.map(() => endTurn())].join("")).toBe("ghijklmnopqrst");
});
