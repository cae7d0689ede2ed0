import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

/** The fuzzer runs the compiled package, in a separate process. */
const FUZZER = fileURLToPath(new URL("../../fuzz/decoder.ts", import.meta.url));

function fuzz(...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [FUZZER, ...args], { encoding: "utf8" });
  return { status, output: stdout + stderr };
}

describe("the fuzzer", () => {
  test("finds no fault in its corpus", () => {
    const files = readdirSync(new URL("../../fuzz/corpus", import.meta.url));
    expect(files.length).toBeGreaterThan(100);
    const { status, output } = fuzz("--replay");
    expect(output).toContain(`${files.length} inputs of the corpus: no fault`);
    expect(status).toBe(0);
  });

  test("finds nothing in a short search", () => {
    const { status, output } = fuzz("--runs", "2000", "--seed", "1");
    expect(output).toContain("of seed 1: no fault");
    expect(status).toBe(0);
  });

  // PLANTS in fuzz/plant.ts describes each bug.
  test.each(["cut-off", "count", "window", "unopened", "after-close", "endless", "internal"])(
    "finds the planted bug %s",
    (name) => {
      const { status, output } = fuzz("--plant", name, "--runs", "50000", "--seconds", "100", "--seed", "1");
      expect(output).toMatch(/found in run \d+ of seed 1/);
      expect(output).toMatch(/^(server|client) \d+$/m);
      expect(status).toBe(1);
    },
  );

  test("lists the bugs it can plant", () => {
    const { status, output } = fuzz("--plant", "nonsense");
    expect(output).toContain("cut-off, count, window, unopened, after-close, endless, internal");
    expect(status).not.toBe(0);
  });
});
