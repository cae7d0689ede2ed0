import fc from "fast-check";
import { expect, test } from "vitest";
import { ATTEMPT_DELAY, firstToConnect, RaceLost, type Outcome, type AddressAttempt } from "./address-race.js";

/** When an address answers, in milliseconds after its attempt began; undefined: never. */
interface Fate {
  after: number | undefined;
  wins: boolean;
}

/** A manual clock. */
class Clock {
  now = 0;
  readonly #tasks = new Map<number, { at: number; task: () => void }>();
  #last = 0;

  setTimer = (task: () => void, milliseconds: number): (() => void) => {
    const number = ++this.#last;
    this.#tasks.set(number, { at: this.now + milliseconds, task });
    return () => void this.#tasks.delete(number);
  };

  get waiting(): number {
    return this.#tasks.size;
  }

  /** Runs the next task. Returns false without one. */
  step(): boolean {
    const next = [...this.#tasks].toSorted(([a, one], [b, other]) => one.at - other.at || a - b)[0];
    if (next === undefined) return false;
    const [number, { at, task }] = next;
    this.#tasks.delete(number);
    this.now = at;
    task();
    return true;
  }
}

/** Sockets that answer as scripted. */
class Network {
  readonly clock = new Clock();
  readonly startedAt: number[] = [];
  readonly open = new Set<string>();
  readonly stop = new AbortController();
  attempts: readonly AddressAttempt[] = [];
  readonly #fates: Fate[];

  constructor(fates: Fate[]) {
    this.#fates = fates;
  }

  /** The race, and its outcome so far. */
  race(): { result: { winner?: string; error?: Error }; settled: Promise<void> } {
    const result: { winner?: string; error?: Error } = {};
    const settled = firstToConnect<string>({
      addresses: this.#fates.map((_, index) => String(index)),
      start: (address, outcome) => this.#start(address, outcome),
      setTimer: this.clock.setTimer,
      signal: this.stop.signal,
      onChange: (attempts) => (this.attempts = attempts),
    }).then(
      (winner) => void (result.winner = winner),
      (error: Error) => void (result.error = error),
    );
    return { result, settled };
  }

  #start(address: string, outcome: Outcome<string>): () => void {
    const { after, wins } = this.#fates[Number(address)] as Fate;
    this.startedAt.push(this.clock.now);
    this.open.add(address);
    let cancel = (): void => {};
    if (after !== undefined)
      cancel = this.clock.setTimer(() => {
        if (wins) return outcome.won(address);
        this.open.delete(address);
        outcome.lost(new Error(`${address} refuses`));
      }, after);
    return () => {
      cancel();
      this.open.delete(address);
    };
  }
}

const works = (after: number): Fate => ({ after, wins: true });
const fails = (after: number): Fate => ({ after, wins: false });
const silent: Fate = { after: undefined, wins: false };

async function run(...fates: Fate[]): Promise<Network & { result: { winner?: string; error?: Error } }> {
  const network = new Network(fates);
  const { result } = network.race();
  while (network.clock.step());
  await turn();
  return Object.assign(network, { result });
}

test("an address that answers in time is the only one tried", async () => {
  const { result, startedAt } = await run(works(ATTEMPT_DELAY - 1), works(1));
  expect([result.winner, startedAt]).toEqual(["0", [0]]);
});

test("the next attempt begins 250 ms after a silent one, and may win", async () => {
  const { result, startedAt, open } = await run(silent, works(30));
  expect([result.winner, startedAt, [...open]]).toEqual(["1", [0, ATTEMPT_DELAY], ["1"]]);
});

test("the next attempt begins at once after a failure", async () => {
  const { result, startedAt } = await run(fails(5), fails(5), works(5));
  expect([result.winner, startedAt]).toEqual(["2", [0, 5, 10]]);
});

test("a slow attempt continues, and wins if all others fail", async () => {
  const { result } = await run(works(4_000), fails(10), silent);
  expect(result.winner).toBe("0");
});

test("when all fail, the error has the error of each", async () => {
  const { result } = await run(fails(700), fails(5), fails(5));
  expect(result.error).toBeInstanceOf(RaceLost);
  expect((result.error as RaceLost).attempts.map(([address, loss]) => [address, loss?.message])).toEqual([
    ["0", "0 refuses"],
    ["1", "1 refuses"],
    ["2", "2 refuses"],
  ]);
});

test("onChange reports the addresses that were tried and have failed", async () => {
  const { attempts } = await run(silent, fails(5), silent);
  expect(attempts.map(([address, loss]) => [address, loss?.message])).toEqual([
    ["0", undefined],
    ["1", "1 refuses"],
    ["2", undefined],
  ]);
});

test("in any order of events, one socket remains after a won race, none after a lost one, and never a timer", async () => {
  const fate = fc.record({ after: fc.option(fc.nat(2_000), { nil: undefined }), wins: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(fate, { minLength: 1, maxLength: 8 }), fc.option(fc.nat(3_000)), async (fates, abort) => {
      const network = new Network(fates);
      const reason = new Error("aborted");
      if (abort !== null) network.clock.setTimer(() => network.stop.abort(reason), abort);
      const { result, settled } = network.race();
      // Runs until the race is settled; later events must have no effect.
      while (result.winner === undefined && result.error === undefined && network.clock.step()) await turn();
      const hangs = result.winner === undefined && result.error === undefined;
      if (hangs) {
        // If the race is still pending, an address is silent. Then it is aborted.
        expect(fates.some(({ after }) => after === undefined)).toBe(true);
        expect(fates.some(({ after, wins }) => after !== undefined && wins)).toBe(false);
        network.stop.abort(reason);
      }
      await settled;
      expect([...network.open]).toEqual(result.winner === undefined ? [] : [result.winner]);
      const abortIsLeft = abort !== null && !network.stop.signal.aborted ? 1 : 0;
      expect(network.clock.waiting).toBe(abortIsLeft);
      if (result.error !== undefined && result.error !== reason) {
        expect(network.startedAt).toHaveLength(fates.length);
        expect(fates.every(({ after, wins }) => after !== undefined && !wins)).toBe(true);
      }
    }),
    { numRuns: 500 },
  );
});

test("a race that was aborted before it began starts no attempt", async () => {
  const network = new Network([works(1)]);
  network.stop.abort(new Error("aborted"));
  const { result, settled } = network.race();
  await settled;
  expect([result.error?.message, network.startedAt]).toEqual(["aborted", []]);
});

/** Lets promise callbacks run. */
async function turn(): Promise<void> {
  for (let round = 0; round < 5; round++) await Promise.resolve();
}
