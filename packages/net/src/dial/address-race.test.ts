import fc from "fast-check";
import { expect, test } from "vitest";
import { ATTEMPT_DELAY, firstToConnect, RaceLost, type Outcome, type Standing } from "./address-race.js";

/** When an address answers, in milliseconds from its attempt's start; undefined: never. */
interface Fate {
  after: number | undefined;
  wins: boolean;
}

/** A clock that is moved by hand. */
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

  /** Runs what is due next. Returns false when nothing is. */
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

/** Sockets that answer as they are fated to. */
class Network {
  readonly clock = new Clock();
  readonly startedAt: number[] = [];
  readonly open = new Set<string>();
  readonly stop = new AbortController();
  standings: readonly Standing[] = [];
  readonly #fates: Fate[];

  constructor(fates: Fate[]) {
    this.#fates = fates;
  }

  /** The race, and what it has come to so far. */
  race(): { result: { winner?: string; error?: Error }; settled: Promise<void> } {
    const result: { winner?: string; error?: Error } = {};
    const settled = firstToConnect<string>({
      addresses: this.#fates.map((_, index) => String(index)),
      start: (address, outcome) => this.#start(address, outcome),
      setTimer: this.clock.setTimer,
      signal: this.stop.signal,
      onChange: (standings) => (this.standings = standings),
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

test("an address that answers in time is the only one that is tried", async () => {
  const { result, startedAt } = await run(works(ATTEMPT_DELAY - 1), works(1));
  expect([result.winner, startedAt]).toEqual(["0", [0]]);
});

test("one that is silent loses to the next, which begins a quarter of a second later", async () => {
  const { result, startedAt, open } = await run(silent, works(30));
  expect([result.winner, startedAt, [...open]]).toEqual(["1", [0, ATTEMPT_DELAY], ["1"]]);
});

test("one that fails has the next begin at once", async () => {
  const { result, startedAt } = await run(fails(5), fails(5), works(5));
  expect([result.winner, startedAt]).toEqual(["2", [0, 5, 10]]);
});

test("a slow one is not given up: it wins when nobody else does", async () => {
  const { result } = await run(works(4_000), fails(10), silent);
  expect(result.winner).toBe("0");
});

test("when all fail, the error says what each has said", async () => {
  const { result } = await run(fails(700), fails(5), fails(5));
  expect(result.error).toBeInstanceOf(RaceLost);
  expect((result.error as RaceLost).standings.map(([address, loss]) => [address, loss?.message])).toEqual([
    ["0", "0 refuses"],
    ["1", "1 refuses"],
    ["2", "2 refuses"],
  ]);
});

test("it says at any time who was tried, and who has failed", async () => {
  const { standings } = await run(silent, fails(5), silent);
  expect(standings.map(([address, loss]) => [address, loss?.message])).toEqual([
    ["0", undefined],
    ["1", "1 refuses"],
    ["2", undefined],
  ]);
});

test("whatever happens in whatever order, one socket survives if the race is won, else none; and no timer", async () => {
  const fate = fc.record({ after: fc.option(fc.nat(2_000), { nil: undefined }), wins: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(fate, { minLength: 1, maxLength: 8 }), fc.option(fc.nat(3_000)), async (fates, abort) => {
      const network = new Network(fates);
      const reason = new Error("aborted");
      if (abort !== null) network.clock.setTimer(() => network.stop.abort(reason), abort);
      const { result, settled } = network.race();
      // Until it is settled; what is left of the clock must not concern it any more.
      while (result.winner === undefined && result.error === undefined && network.clock.step()) await turn();
      const hangs = result.winner === undefined && result.error === undefined;
      if (hangs) {
        // Only silent addresses can keep it waiting, until it is aborted.
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

test("one that was aborted before it began starts nothing", async () => {
  const network = new Network([works(1)]);
  network.stop.abort(new Error("aborted"));
  const { result, settled } = network.race();
  await settled;
  expect([result.error?.message, network.startedAt]).toEqual(["aborted", []]);
});

/** Lets what was settled be told. */
async function turn(): Promise<void> {
  for (let round = 0; round < 5; round++) await Promise.resolve();
}
