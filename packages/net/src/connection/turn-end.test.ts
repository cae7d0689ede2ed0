import { beforeEach, describe, expect, test } from "vitest";
import { TurnEnd, type TurnTask } from "./turn-end.js";

let scheduled: (() => void)[];
let turnEnd: TurnEnd;
let ran: string[];
beforeEach(() => {
  scheduled = [];
  ran = [];
  turnEnd = new TurnEnd((task) => scheduled.push(task));
});

function task(name: string, then?: () => void): TurnTask {
  return {
    onTurnEnd() {
      ran.push(name);
      then?.();
    },
  };
}

/** Ends a turn. */
function end(): void {
  const due = scheduled;
  scheduled = [];
  for (const run of due) run();
}

describe("the tasks of a turn", () => {
  test("run once, in order, and are scheduled together", () => {
    for (const name of ["a", "b", "c"]) turnEnd.add(task(name));
    expect(scheduled).toHaveLength(1);
    end();
    end();
    expect(ran).toEqual(["a", "b", "c"]);
  });

  test("that are added by a task run in the next turn", () => {
    turnEnd.add(task("a", () => turnEnd.add(task("b"))));
    end();
    expect(ran).toEqual(["a"]);
    end();
    expect(ran).toEqual(["a", "b"]);
  });

  test("all run although one of them throws, and the error is not lost", () => {
    turnEnd.add(task("a"));
    turnEnd.add(
      task("broken", () => {
        turnEnd.add(task("d"));
        throw new Error("a fault");
      }),
    );
    for (const name of ["b", "c"]) turnEnd.add(task(name));
    expect(end).toThrow("a fault");
    end();
    expect(ran.toSorted()).toEqual(["a", "b", "broken", "c", "d"]);
    expect(scheduled).toEqual([]);
  });
});
