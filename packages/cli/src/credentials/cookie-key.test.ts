import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { scratchFolder } from "@postern/testkit";
import { readSettings } from "../settings/configuration.js";
import { cookieKey } from "./cookie-key.js";

/** The key for a state folder, and the warnings. */
async function keyIn(folder: string): Promise<{ key: string; warnings: string[] }> {
  const file = join(scratchFolder(onTestFinished), "postern.toml");
  writeFileSync(file, `[server]\nstate_dir = ${JSON.stringify(folder)}\n`, { mode: 0o600 });
  const warnings: string[] = [];
  const settings = await readSettings({ config: file, env: {}, flags: {} });
  return { key: cookieKey(settings, (text) => warnings.push(text)), warnings };
}

test("is made at the first start, for its owner only, and stays the same", async () => {
  const folder = join(scratchFolder(onTestFinished), "made", "state");
  const first = await keyIn(folder);
  expect(first).toEqual({ key: expect.stringMatching(/^[\w-]{43}$/), warnings: [] });
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(readdirSync(folder)).toEqual(["secrets"]);
  expect(statSync(join(folder, "secrets")).mode & 0o777).toBe(0o600);
  expect(await keyIn(folder)).toEqual(first);
});

test("is random, with a warning, if the file cannot be made or contains no key", async () => {
  const { key, warnings } = await keyIn("/proc/nothing");
  expect(key).toMatch(/^[\w-]{43}$/);
  expect(warnings).toEqual([expect.stringMatching(/only valid until the next start: .*Set state_dir in \[server\]/)]);
  const folder = scratchFolder(onTestFinished);
  writeFileSync(join(folder, "secrets"), "nonsense");
  chmodSync(join(folder, "secrets"), 0o600);
  const other = await keyIn(folder);
  expect(other.warnings).toEqual([expect.stringContaining("contains no key; remove it to make a new one")]);
  expect(readFileSync(join(folder, "secrets"), "utf8")).toBe("nonsense");
});
