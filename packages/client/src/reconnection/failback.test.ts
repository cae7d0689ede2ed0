import { beforeEach, expect, test } from "vitest";
import { Failback } from "./failback.js";

let timers: { task: () => void; milliseconds: number }[];
let isBack: boolean;
let moves: boolean[];
let moved: number;

beforeEach(() => {
  [timers, isBack, moves, moved] = [[], false, [true], 0];
});

function start(interval = 60_000): Failback {
  return new Failback({
    interval,
    isBack: async () => isBack,
    move: async () => {
      moved += 1;
      return moves.shift() ?? true;
    },
    clock: {
      after(milliseconds, task) {
        const timer = { task, milliseconds };
        timers.push(timer);
        return () => (timers = timers.filter((each) => each !== timer));
      },
      random: () => 0.5,
    },
  });
}

/** Runs the next check. */
async function check(): Promise<void> {
  timers.shift()?.task();
  await new Promise((resolve) => setImmediate(resolve));
}

test("after three successful checks in a row the tunnel moves back, once", async () => {
  start();
  expect(timers[0]?.milliseconds).toBe(20_000);
  await check();
  isBack = true;
  for (let n = 0; n < 2; n++) await check();
  expect(moved).toBe(0);
  await check();
  expect([moved, timers]).toEqual([1, []]);
});

test("the tunnel does not move to a server that is up only intermittently", async () => {
  start();
  for (let n = 0; n < 20; n++) {
    isBack = n % 3 !== 0;
    await check();
  }
  expect(moved).toBe(0);
});

test("after a failed move the count restarts", async () => {
  moves = [false, true];
  start(1_000);
  expect(timers[0]?.milliseconds).toBe(1_000);
  isBack = true;
  for (let n = 0; n < 3; n++) await check();
  expect([moved, timers.length]).toEqual([1, 1]);
  for (let n = 0; n < 3; n++) await check();
  expect([moved, timers.length]).toEqual([2, 0]);
});

test("after stop nothing is checked, and a pending check has no effect", async () => {
  const stopped = start();
  isBack = true;
  for (let n = 0; n < 2; n++) await check();
  timers.shift()?.task();
  stopped.stop();
  await check();
  expect([moved, timers]).toEqual([0, []]);
});
