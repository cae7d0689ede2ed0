import { Session, type Profiler } from "node:inspector";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

const KEY = "key-of-ann-0123456789-abcdefghijklmnopqrstuvwxyz";
/** Wrong keys of the right length. Each shares one more character with the right key than the previous one. */
const GUESSES = Array.from({ length: KEY.length }, (_, shared) => KEY.slice(0, shared).padEnd(KEY.length, "#"));

const session = new Session();
// Starts before the first call of the measured code, because only code that is compiled later is counted block by
// block.
beforeAll(() => {
  session.connect();
  session.post("Profiler.enable");
  session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
});
afterAll(() => session.disconnect());

/** The number of code blocks of `file` that have run since the last call. */
function blocksRun(file: string): number {
  let scripts: Profiler.ScriptCoverage[] = [];
  // An inspector responds synchronously within its own process.
  session.post("Profiler.takePreciseCoverage", (error, { result }) => {
    if (error !== null) throw error;
    scripts = result.filter(({ url }) => url.includes(file));
  });
  const ranges = scripts.flatMap(({ functions }) => functions.flatMap((each) => each.ranges));
  return ranges.reduce((sum, { count }) => sum + count, 0);
}

interface Work {
  /** Blocks of JavaScript that ran. */
  blocks: number;
  /**
   * The length of the longest prefix that a looked-up key shares with a key in the map: the work of a comparison that
   * stops at the first difference.
   */
  compared: number;
}

/** The work of looking up each guess. @param find the function under test. @param file its source. */
function works(find: (key: string) => unknown, file: string): Work[] {
  // The first call also compiles.
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
 * How much the work for wrong keys reveals about the right key, by either measure: the correlation of the work with the
 * shared length, 0 to 1. Work is counted, not timed, so a busy machine does not matter.
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

// Each run has the same keys and counts, so it gives the same correlation.
const CLOSE = 0.5;

test("the work of refusing a wrong key reveals nothing about the right one", async () => {
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

test("a comparison that stops at the first difference would be detected", async () => {
  const { equalsEarly } = await import("./leaky-comparison.suite.js");
  const find = (key: string): string | undefined => (equalsEarly(key, KEY) ? "ann" : undefined);
  const measured = works(find, "/leaky-comparison.suite.ts");
  expect(learnable(measured)).toBeGreaterThan(0.9);
  expect(find(KEY)).toBe("ann");
});

test("a lookup of unhashed keys would be detected", () => {
  const plain = new Map([[KEY, "ann"]]);
  expect(learnable(works((key) => plain.get(key), "/api-keys.ts"))).toBeGreaterThan(0.9);
});
