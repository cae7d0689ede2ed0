import { expect, test } from "vitest";
import { DataPlane, ProbeFailure } from "./data-plane.js";

const INTERVAL = 60_000;

/** A data plane whose clock stands still until it is told, and whose probes end as the test says. */
class Played {
  now = 0;
  readonly told: string[] = [];
  /** When probes were sent. */
  readonly sent: number[] = [];
  readonly plane: DataPlane;
  #timers: { at: number; task: () => void }[] = [];
  #answer: ((failure?: ProbeFailure) => void) | undefined;

  constructor(interval = INTERVAL, random = 0.5) {
    const after = (milliseconds: number, task: () => void): (() => void) => {
      const timer = { at: this.now + milliseconds, task };
      this.#timers.push(timer);
      return () => (this.#timers = this.#timers.filter((each) => each !== timer));
    };
    const probe = (signal: AbortSignal): Promise<void> => {
      this.sent.push(this.now);
      return new Promise((resolve, reject) => {
        this.#answer = (failure) => (failure === undefined ? resolve() : reject(failure));
        signal.addEventListener("abort", () => reject(new ProbeFailure("no answer", "broken")));
      });
    };
    this.plane = new DataPlane({
      interval,
      probe,
      clock: { after, random: () => random },
      onChange: (state, error) => this.told.push(error === undefined ? state : `${state}: ${error}`),
      onLost: () => this.told.push("lost"),
    });
  }

  /** Lets the time pass until the next thing that is due. Returns whether there was one. */
  async next(): Promise<boolean> {
    const due = this.#timers.toSorted((one, other) => one.at - other.at)[0];
    if (due === undefined) return false;
    this.#timers = this.#timers.filter((each) => each !== due);
    this.now = due.at;
    due.task();
    await settled();
    return true;
  }

  /** The next probe is sent, and ends so. */
  async probe(failure?: ProbeFailure): Promise<void> {
    await this.next();
    this.#answer?.(failure);
    await settled();
  }
}

/** Everything that promises have to say is said. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const broken = new ProbeFailure("502", "broken");
const foreign = new ProbeFailure("a proxy's page", "foreign");
const busy = new ProbeFailure("503", "inconclusive");

test("the first probe comes a second or two after the tunnel opens, the others at their interval", async () => {
  const played = new Played();
  for (let n = 0; n < 3; n++) await played.probe();
  expect(played.sent).toEqual([1_500, 1_500 + INTERVAL, 1_500 + 2 * INTERVAL]);
  expect([played.plane.state, played.told]).toEqual(["ok", ["ok"]]);
});

test("one failure after a success is told, and the next success too", async () => {
  const played = new Played();
  for (const outcome of [undefined, broken, undefined]) await played.probe(outcome);
  expect(played.told).toEqual(["ok", "failing: 502", "ok"]);
  expect(played.sent[2]! - played.sent[1]!).toBe(5_000);
});

test("three failures in a row of what had worked are the end of it", async () => {
  const played = new Played();
  for (const outcome of [undefined, broken, foreign, broken]) await played.probe(outcome);
  expect(played.told).toEqual(["ok", "failing: 502", "unknown", "lost"]);
  expect(await played.next()).toBe(false);
});

test("three failures with a success between them are not", async () => {
  const played = new Played();
  for (const outcome of [undefined, broken, broken, undefined, broken]) await played.probe(outcome);
  expect(played.told).toEqual(["ok", "failing: 502", "ok", "failing: 502"]);
});

test("what never worked fails after the second time, and is never the session's end", async () => {
  const played = new Played();
  for (let n = 0; n < 6; n++) await played.probe(broken);
  expect(played.told).toEqual(["failing: 502"]);
  expect(played.sent.map((at) => at - 1_500)).toEqual([0, 5_000, 10_000, 15_000, 75_000, 135_000]);
});

test("where somebody else answers from the beginning, nothing is known", async () => {
  const played = new Played();
  for (let n = 0; n < 5; n++) await played.probe(foreign);
  expect([played.plane.state, played.told]).toEqual(["unknown", []]);
});

test("a server that is only too busy proves nothing", async () => {
  const played = new Played();
  for (const outcome of [undefined, busy, busy, busy, busy]) await played.probe(outcome);
  expect(played.told).toEqual(["ok"]);
});

test("an answer may take ten seconds", async () => {
  const played = new Played();
  await played.probe();
  await played.next();
  await played.next();
  expect(played.told).toEqual(["ok", "failing: no answer"]);
  expect(played.now - played.sent[1]!).toBe(10_000);
});

test("a short interval is never made longer", async () => {
  const played = new Played(2_000, 0);
  for (const outcome of [undefined, broken, undefined]) await played.probe(outcome);
  expect(played.sent).toEqual([1_000, 3_000, 5_000]);
});

test("after a stop nothing is sent, and nothing known, whatever becomes of what is on its way", async () => {
  const played = new Played();
  await played.probe();
  await played.next();
  played.plane.stop();
  played.plane.stop();
  await settled();
  expect([await played.next(), played.told]).toEqual([false, ["ok", "unknown"]]);
});
