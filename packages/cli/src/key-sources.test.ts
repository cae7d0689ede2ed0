import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { loadClientKey } from "./client-key.js";
import { loadServerKeys } from "./server-keys.js";

const A = "aaaaaaaaaaaaaaaa";
const B = "bbbbbbbbbbbbbbbb";

function keyFile(text: string, mode = 0o600): string {
  const folder = mkdtempSync(join(tmpdir(), "postern-keys-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "keys");
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

const refused = (code: string): Promise<unknown> => expect.objectContaining({ code }) as Promise<unknown>;

test("a server takes the keys of its file and of the environment", async () => {
  const { keys, warnings } = await loadServerKeys(keyFile(`ann ${A}`), { POSTERN_API_KEYS: `ben ${B}` });
  expect(keys.map(({ owner }) => owner)).toEqual(["ann", "ben"]);
  expect(warnings).toEqual([]);
});

test("a server without any key says in one line how to make one", async () => {
  for (const file of [undefined, keyFile("# none yet\n")]) {
    await expect(loadServerKeys(file, {})).rejects.toEqual(refused("PN_KEYS_MISSING"));
  }
});

test("one key for two owners is refused across the sources too", async () => {
  await expect(loadServerKeys(keyFile(`ann ${A}`), { POSTERN_API_KEYS: A })).rejects.toEqual(
    refused("PN_KEY_AMBIGUOUS"),
  );
});

test.for([0o620, 0o602, 0o666])("a file of mode %o, which others can change, is refused", async (mode) => {
  await expect(loadServerKeys(keyFile(A, mode), {})).rejects.toEqual(refused("PN_FILE_WRITABLE"));
  const client = loadClientKey({ file: keyFile(A, mode), typed: true }, {});
  await expect(client).rejects.toEqual(refused("PN_FILE_WRITABLE"));
});

test("a file that others can read is warned about", async () => {
  const file = keyFile(A, 0o644);
  expect((await loadServerKeys(file, {})).warnings).toEqual([expect.stringContaining(`chmod 600 ${file}`)]);
  expect((await loadClientKey({ file, typed: true }, {})).warning).toContain("chmod 600");
});

test("a file that is not there, is a folder or is far too large is refused", async () => {
  for (const file of ["/nowhere/keys", tmpdir(), keyFile("#".repeat(1024 * 1024 + 1))]) {
    const refusal = loadClientKey({ file, typed: true }, {});
    await expect(refusal).rejects.toEqual(refused(file === tmpdir() ? "PN_FILE_WRITABLE" : "PN_FILE_UNREADABLE"));
  }
});

test("what was typed wins over the environment; two of the environment contradict each other", async () => {
  const file = keyFile(`me ${A}`);
  expect((await loadClientKey({ file, typed: true }, { POSTERN_API_KEY: B })).key).toBe(A);
  expect((await loadClientKey({ file: undefined, typed: false }, { POSTERN_API_KEY: B })).key).toBe(B);
  await expect(loadClientKey({ file, typed: false }, { POSTERN_API_KEY: B })).rejects.toEqual(
    refused("PN_KEY_AMBIGUOUS"),
  );
  await expect(loadClientKey({ file: undefined, typed: false }, {})).rejects.toEqual(refused("PN_KEY_MISSING"));
});
