import { expect, test } from "vitest";
import { DataPlane, ProbeFailure } from "./data-plane.js";

const INTERVAL = 60_000;

/** A DataPlane with a manual clock. The test decides how its probes end. */
class Setup {
  now = 0;
  readonly changes: string[] = [];
  /** The times at which probes were sent. */
  readonly sent: number[] = [];
  readonly plane: DataPlane;
  #timers: { at: number; task: () => void }[] = [];
  #settle: ((failure?: ProbeFailure) => void) | undefined;

  constructor(interval = INTERVAL, random = 0.5) {
    const after = (milliseconds: number, task: () => void): (() => void) => {
      const timer = { at: this.now + milliseconds, task };
      this.#timers.push(timer);
      return () => (this.#timers = this.#timers.filter((each) => each !== timer));
    };
    const probe = (signal: AbortSignal): Promise<void> => {
      this.sent.push(this.now);
      return new Promise((resolve, reject) => {
        this.#settle = (failure) => (failure === undefined ? resolve() : reject(failure));
        signal.addEventListener("abort", () => reject(new ProbeFailure("no answer", "broken")));
      });
    };
    this.plane = new DataPlane({
      interval,
      probe,
      clock: { after, random: () => random },
      onChange: (state, error) => this.changes.push(error === undefined ? state : `${state}: ${error}`),
      onLost: () => this.changes.push("lost"),
    });
  }

  /** Runs the next task. Returns whether there was one. */
  async next(): Promise<boolean> {
    const due = this.#timers.toSorted((one, other) => one.at - other.at)[0];
    if (due === undefined) return false;
    this.#timers = this.#timers.filter((each) => each !== due);
    this.now = due.at;
    due.task();
    await settled();
    return true;
  }

  /** Ends the next probe with this result. */
  async probe(failure?: ProbeFailure): Promise<void> {
    await this.next();
    this.#settle?.(failure);
    await settled();
  }
}

/** Resolves when promise callbacks have run. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const broken = new ProbeFailure("502", "broken");
const foreign = new ProbeFailure("a proxy's page", "foreign");
const busy = new ProbeFailure("503", "inconclusive");

test("the first probe is sent after one to two seconds, the others at the interval", async () => {
  const setup = new Setup();
  for (let n = 0; n < 3; n++) await setup.probe();
  expect(setup.sent).toEqual([1_500, 1_500 + INTERVAL, 1_500 + 2 * INTERVAL]);
  expect([setup.plane.state, setup.changes]).toEqual(["ok", ["ok"]]);
});

test("one failure after a success is reported, and so is the next success", async () => {
  const setup = new Setup();
  for (const outcome of [undefined, broken, undefined]) await setup.probe(outcome);
  expect(setup.changes).toEqual(["ok", "failing: 502", "ok"]);
  expect(setup.sent[2]! - setup.sent[1]!).toBe(5_000);
});

test("three failures in a row after a success lose the data plane", async () => {
  const setup = new Setup();
  for (const outcome of [undefined, broken, foreign, broken]) await setup.probe(outcome);
  expect(setup.changes).toEqual(["ok", "failing: 502", "unknown", "lost"]);
  expect(await setup.next()).toBe(false);
});

test("three failures with a success between them do not lose it", async () => {
  const setup = new Setup();
  for (const outcome of [undefined, broken, broken, undefined, broken]) await setup.probe(outcome);
  expect(setup.changes).toEqual(["ok", "failing: 502", "ok", "failing: 502"]);
});

test("a data plane that never worked is failing after two failures, and is never lost", async () => {
  const setup = new Setup();
  for (let n = 0; n < 6; n++) await setup.probe(broken);
  expect(setup.changes).toEqual(["failing: 502"]);
  expect(setup.sent.map((at) => at - 1_500)).toEqual([0, 5_000, 10_000, 15_000, 75_000, 135_000]);
});

test("if something else responds from the beginning, the state stays unknown", async () => {
  const setup = new Setup();
  for (let n = 0; n < 5; n++) await setup.probe(foreign);
  expect([setup.plane.state, setup.changes]).toEqual(["unknown", []]);
});

test("the response of an overloaded server is inconclusive", async () => {
  const setup = new Setup();
  for (const outcome of [undefined, busy, busy, busy, busy]) await setup.probe(outcome);
  expect(setup.changes).toEqual(["ok"]);
});

test("a probe times out after ten seconds", async () => {
  const setup = new Setup();
  await setup.probe();
  await setup.next();
  await setup.next();
  expect(setup.changes).toEqual(["ok", "failing: no answer"]);
  expect(setup.now - setup.sent[1]!).toBe(10_000);
});

test("a retry is never later than the interval", async () => {
  const setup = new Setup(2_000, 0);
  for (const outcome of [undefined, broken, undefined]) await setup.probe(outcome);
  expect(setup.sent).toEqual([1_000, 3_000, 5_000]);
});

test("after stop nothing is sent, and a pending probe has no effect", async () => {
  const setup = new Setup();
  await setup.probe();
  await setup.next();
  setup.plane.stop();
  setup.plane.stop();
  await settled();
  expect([await setup.next(), setup.changes]).toEqual([false, ["ok", "unknown"]]);
});
