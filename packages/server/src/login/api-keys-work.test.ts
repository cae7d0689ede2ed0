import { Session, type Profiler } from "node:inspector";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

const KEY = "key-of-ann-0123456789-abcdefghijklmnopqrstuvwxyz";
/** Wrong keys that share more and more with the right one; all have its length. */
const GUESSES = Array.from({ length: KEY.length }, (_, shared) => KEY.slice(0, shared).padEnd(KEY.length, "#"));

const session = new Session();
// From before the first call of what is measured: only what is compiled from then on is counted block by block.
beforeAll(() => {
  session.connect();
  session.post("Profiler.enable");
  session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
});
afterAll(() => session.disconnect());

/** How often blocks of code of the file with this name were run since the last time. */
function blocksRun(file: string): number {
  let scripts: Profiler.ScriptCoverage[] = [];
  // In its own process an inspector answers at once.
  session.post("Profiler.takePreciseCoverage", (error, { result }) => {
    if (error !== null) throw error;
    scripts = result.filter(({ url }) => url.includes(file));
  });
  const ranges = scripts.flatMap(({ functions }) => functions.flatMap((each) => each.ranges));
  return ranges.reduce((sum, { count }) => sum + count, 0);
}

interface Work {
  /** Blocks of JavaScript that were run. */
  blocks: number;
  /** Bytes that a comparison which stops at the first difference would look at: of whatever was looked up in a map, with what is in it. */
  compared: number;
}

/** The work of looking for each guess. `find` is what it is said to be in `file`. */
function works(find: (key: string) => unknown, file: string): Work[] {
  // Compiling is work of its own.
  find("");
  const lookup = vi.spyOn(Map.prototype, "get");
  try {
    return GUESSES.map((guess) => {
      lookup.mockClear();
      blocksRun(file);
      expect(find(guess)).toBeUndefined();
      const blocks = blocksRun(file);
      const looked = lookup.mock.calls.map(([key], call) => {
        const known = [...(lookup.mock.contexts[call] as Map<unknown, unknown>).keys()];
        return Math.max(0, ...known.map((each) => sharedLength(String(each), String(key))));
      });
      return { blocks, compared: Math.max(0, ...looked) };
    });
  } finally {
    lookup.mockRestore();
  }
}

function sharedLength(one: string, other: string): number {
  let shared = 0;
  while (shared < one.length && one[shared] === other[shared]) shared++;
  return shared;
}

/**
 * How much of the right key somebody could learn from the work of wrong ones, by either measure: the correlation of the work with what they
 * share, 0 to 1. It is counted, not timed: a busy machine changes nothing.
 */
function learnable(all: readonly Work[]): number {
  const shared = GUESSES.map((_, index) => index);
  return Math.max(
    ...[all.map(({ blocks }) => blocks), all.map(({ compared }) => compared)].map((work) =>
      Math.abs(correlation(shared, work)),
    ),
  );
}

function correlation(one: readonly number[], other: readonly number[]): number {
  const mean = (all: readonly number[]): number => all.reduce((sum, each) => sum + each, 0) / all.length;
  const [a, b] = [mean(one), mean(other)];
  const covariance = mean(one.map((each, index) => (each - a) * ((other[index] as number) - b)));
  const deviations = [mean(one.map((each) => (each - a) ** 2)), mean(other.map((each) => (each - b) ** 2))];
  const scale = Math.sqrt((deviations[0] as number) * (deviations[1] as number));
  return scale === 0 ? 0 : covariance / scale;
}

// The keys are always the same, and so is all that is counted: what is close once is close for ever.
const CLOSE = 0.5;

test("the work of refusing a wrong key tells nothing of the right one", async () => {
  const { ApiKeys } = await import("./api-keys.js");
  const keys = new ApiKeys([
    { owner: "ann", key: KEY },
    { owner: "bob", key: "key-of-bob-0123456789" },
  ]);
  const measured = works((key) => keys.find(key), "/api-keys.ts");
  expect(measured[0]?.blocks).toBeGreaterThan(0);
  expect(new Set(measured.map(({ blocks }) => blocks)).size).toBe(1);
  expect(learnable(measured)).toBeLessThan(CLOSE);
  expect(keys.find(KEY)?.owner).toBe("ann");
});

test("a comparison that stops at the first difference would be found", async () => {
  const { equalsEarly } = await import("./leaky-comparison.suite.js");
  const find = (key: string): string | undefined => (equalsEarly(key, KEY) ? "ann" : undefined);
  const measured = works(find, "/leaky-comparison.suite.ts");
  expect(learnable(measured)).toBeGreaterThan(0.9);
  expect(find(KEY)).toBe("ann");
});

test("and so would keys that are looked up as they are", () => {
  const plain = new Map([[KEY, "ann"]]);
  expect(learnable(works((key) => plain.get(key), "/api-keys.ts"))).toBeGreaterThan(0.9);
});
