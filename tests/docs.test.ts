import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const docs = fileURLToPath(new URL("../scripts/docs.ts", import.meta.url));

test("the lists of errors and limits say what the code says", () => {
  const { status, stderr } = spawnSync(process.execPath, [docs, "--check"], { encoding: "utf8" });
  expect(stderr).toBe("");
  expect(status).toBe(0);
});
