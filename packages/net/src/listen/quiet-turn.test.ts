import { beforeEach, describe, expect, test } from "vitest";
import { QuietTurn } from "./quiet-turn.js";

let scheduled: (() => void)[];
let turn: QuietTurn;
let ran: string[];
beforeEach(() => {
  scheduled = [];
  ran = [];
  turn = new QuietTurn((task) => scheduled.push(task));
});

const task = (name: string) => (): void => void ran.push(name);

/** Ends a turn. */
function end(): void {
  const due = scheduled;
  scheduled = [];
  for (const run of due) run();
}

describe("a task", () => {
  test("runs at the end of a turn in which no connection is accepted, together with the others", () => {
    turn.schedule(task("a"));
    turn.schedule(task("b"));
    expect(scheduled).toHaveLength(1);
    end();
    expect(ran).toEqual(["a", "b"]);
    expect(scheduled).toEqual([]);
  });

  test("waits while connections are accepted, and runs at the end of the first turn without one", () => {
    turn.onAccepted();
    turn.schedule(task("a"));
    end();
    turn.schedule(task("b"));
    turn.onAccepted();
    end();
    expect(ran).toEqual([]);
    end();
    expect(ran).toEqual(["a", "b"]);
  });

  test("waits for four turns at most, although connections are accepted in each turn", () => {
    const turns: number[] = [];
    for (let n = 1; n <= 10; n++) {
      turn.schedule(() => turns.push(n));
      turn.onAccepted();
      end();
      if (n === 4) expect(turns).toEqual([]);
      if (n === 5) expect(turns).toEqual([1, 2, 3, 4, 5]);
    }
    expect(turns).toHaveLength(10);
  });

  test("does not wait for a connection that was accepted in an earlier turn", () => {
    turn.onAccepted();
    end();
    turn.schedule(task("a"));
    end();
    expect(ran).toEqual(["a"]);
  });

  test("that is scheduled by another one runs in a later turn", () => {
    turn.schedule(() => turn.schedule(task("b")));
    end();
    expect(ran).toEqual([]);
    end();
    expect(ran).toEqual(["b"]);
  });

  test("runs although one before it throws, and the error is not lost", () => {
    turn.schedule(() => {
      throw new Error("a fault");
    });
    turn.schedule(task("a"));
    expect(end).toThrow("a fault");
    end();
    expect(ran).toEqual(["a"]);
  });
});
