import type { TurnTask } from "@postern/net";
import { expect, test } from "vitest";
import { TurnBudget } from "./turn-budget.js";

test("a turn has a limited amount of work, later turns do the rest in order, and too much is refused", () => {
  const tasks: TurnTask[] = [];
  const done: string[] = [];
  const budget = new TurnBudget(100, (task) => void tasks.push(task));
  const run = (name: string, amount: number): boolean => budget.run(amount, () => void done.push(name));
  const endTurn = (): string => {
    expect(tasks).toEqual([budget]);
    tasks.pop()!.onTurnEnd();
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

  expect(Array.from("ghijkl", (name) => run(name, 90))).toEqual([true, true, true, true, true, false]);
  expect(run("m", 101)).toBe(false);
  expect([done.splice(0).join(""), endTurn(), endTurn(), endTurn(), endTurn(), endTurn()]).toEqual(
    Array.of("g", "h", "i", "j", "k", ""),
  );
});
