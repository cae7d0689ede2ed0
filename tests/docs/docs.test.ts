import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { errorRows } from "../../scripts/docs/errors-page.ts";

const docs = fileURLToPath(new URL("../../scripts/docs.ts", import.meta.url));

test("the generated pages are up to date", () => {
  const { status, stderr } = spawnSync(process.execPath, [docs, "--check"], { encoding: "utf8" });
  expect(stderr).toBe("");
  expect(status).toBe(0);
});

test("every error message has a statement and a next step", () => {
  const rows = errorRows();
  expect(rows.length).toBeGreaterThan(80);
  // PN_CLOSED reports a success: there is nothing to do.
  for (const { code, messages } of rows.filter((row) => row.code !== "PN_CLOSED"))
    for (const message of messages) expect([code, message]).toEqual([code, expect.stringMatching(/^[A-Z`].*[.!] .+$/)]);
});
