import { beforeEach, expect, test } from "vitest";
import { HomeWatch } from "./failback.js";

let timers: { task: () => void; milliseconds: number }[];
let isBack: boolean;
let moves: boolean[];
let moved: number;

beforeEach(() => {
  [timers, isBack, moves, moved] = [[], false, [true], 0];
});

function watch(interval = 60_000): HomeWatch {
  return new HomeWatch({
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

/** The next look. */
async function look(): Promise<void> {
  timers.shift()?.task();
  await new Promise((resolve) => setImmediate(resolve));
}

test("a server that has answered three times in a row is gone back to, once", async () => {
  watch();
  expect(timers[0]?.milliseconds).toBe(20_000);
  await look();
  isBack = true;
  for (let n = 0; n < 2; n++) await look();
  expect(moved).toBe(0);
  await look();
  expect([moved, timers]).toEqual([1, []]);
});

test("one that comes and goes is not", async () => {
  watch();
  for (let n = 0; n < 20; n++) {
    isBack = n % 3 !== 0;
    await look();
  }
  expect(moved).toBe(0);
});

test("a move that fails begins anew", async () => {
  moves = [false, true];
  watch(1_000);
  expect(timers[0]?.milliseconds).toBe(1_000);
  isBack = true;
  for (let n = 0; n < 3; n++) await look();
  expect([moved, timers.length]).toEqual([1, 1]);
  for (let n = 0; n < 3; n++) await look();
  expect([moved, timers.length]).toEqual([2, 0]);
});

test("after a stop nothing is looked at, whatever an answer on its way says", async () => {
  const stopped = watch();
  isBack = true;
  for (let n = 0; n < 2; n++) await look();
  timers.shift()?.task();
  stopped.stop();
  await look();
  expect([moved, timers]).toEqual([0, []]);
});
