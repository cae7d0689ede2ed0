import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { expect, test } from "vitest";

const folder = resolve(import.meta.dirname, "../fuzz");

function run(script: string, ...flags: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [resolve(folder, script), ...flags], {
    encoding: "utf8",
  });
  return { status, output: stdout + stderr };
}

test("the fuzzer finds nothing in a short run", { timeout: 120_000 }, () => {
  const { status, output } = run("http.ts", "--runs", "6000", "--seed", "7");
  expect(output).toMatch(/^[0-9]{4,} messages, nothing found$/m);
  expect(status).toBe(0);
});

test("the fuzzer of routes finds nothing in a short run", { timeout: 120_000 }, () => {
  const { status, output } = run("routes.ts", "--tables", "1000", "--seed", "7");
  expect(output).toBe("1000 tables of routes, nothing found\n");
  expect(status).toBe(0);
});

test("the fuzzers find every planted mistake", { timeout: 240_000 }, () => {
  const { status, output } = run("planted.ts");
  expect(output).not.toContain("MISSED");
  expect(output.match(/^found /gm)).toHaveLength(24);
  expect(status).toBe(0);
});
