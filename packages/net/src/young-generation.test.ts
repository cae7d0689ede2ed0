import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { limitYoungGeneration, YOUNG_GENERATION } from "./young-generation.js";

/** Creates objects of which many survive. Prints the largest size of the young generation, in bytes. */
const PROGRAM = `
import { limitYoungGeneration, youngGeneration } from ${JSON.stringify(new URL("young-generation.ts", import.meta.url))};
const held = Array.from({ length: 50_000 }, () => ({}));
let most = 0;
for (let n = 0; n < 4_000_000; n++) {
  held[n % held.length] = { text: [n, n, n, n, n, n] };
  if (n % 20_000 > 0) continue;
  most = Math.max(most, youngGeneration());
  if (process.env.LIMITED === "yes") limitYoungGeneration();
}
console.log(most);`;

function largest(limited: "yes" | "no"): number {
  const env = { ...process.env, LIMITED: limited, NODE_OPTIONS: "" };
  return Number(execFileSync(process.execPath, ["--input-type=module", "-e", PROGRAM], { encoding: "utf8", env }));
}

test("the young generation of a busy program stays near its limit, and without the limit it does not", () => {
  expect(largest("no")).toBeGreaterThan(2 * YOUNG_GENERATION);
  expect(largest("yes")).toBeLessThanOrEqual(2 * YOUNG_GENERATION);
});

test("a young generation below the limit grows on", () => {
  expect(limitYoungGeneration(YOUNG_GENERATION - 1)).toBe(false);
});
