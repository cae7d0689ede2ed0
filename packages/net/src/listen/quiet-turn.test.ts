import { beforeEach, describe, expect, test } from "vitest";
import { ReadEnd } from "../socket/read-end.js";
import { QuietTurn } from "./quiet-turn.js";

let scheduled: (() => void)[];
let turn: QuietTurn;
let ran: string[];
let reads: ReadEnd;
beforeEach(() => {
  scheduled = [];
  ran = [];
  reads = new ReadEnd((task) => scheduled.push(task));
  turn = new QuietTurn((task) => scheduled.push(task), reads);
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

describe("a task that may run soon", () => {
  /** A turn with some reads, the first of which schedules a task. Returns whether it ran before the turn ended. */
  function turnWith(count: number): boolean {
    let hasRun = false;
    for (let n = 0; n < count; n++) {
      reads.beginRead();
      if (n === 0) turn.soon(() => (hasRun = true));
      reads.endRead();
    }
    const ranBefore = hasRun;
    end();
    expect(hasRun).toBe(true);
    return ranBefore;
  }

  /** How many of these turns ran their task when its read was over. */
  const early = (turns: number, count: number): number =>
    Array.from({ length: turns }, () => turnWith(count)).filter(Boolean).length;

  test("runs at the end of its read after many turns with one read, except in a few that are checked", () => {
    expect(early(64, 1)).toBe(0);
    expect(early(160, 1)).toBe(150);
  });

  test("runs at the end of the turn while turns have several reads, so that their frames leave together", () => {
    expect(early(200, 2)).toBe(0);
    early(100, 1);
    expect(turnWith(1)).toBe(true);
    // Noticed at the latest by the next turn that is checked.
    expect(early(200, 2)).toBeLessThan(16);
    expect(turnWith(1)).toBe(false);
  });

  test("waits for connections that are being accepted, like any other", () => {
    early(100, 1);
    for (let n = 0; n < 2; n++) {
      turn.onAccepted();
      end();
    }
    expect(turnWith(1)).toBe(false);
  });

  test("that is added outside a read runs when the current operation is over", () => {
    early(100, 1);
    turn.soon(task("a"));
    end();
    expect(ran).toEqual(["a"]);
  });
});
