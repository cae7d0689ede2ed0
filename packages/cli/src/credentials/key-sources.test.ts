import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { loadClientKey, type ClientKey } from "./client-key.js";
import { readSettings } from "../settings/configuration.js";
import { loadServerKeys, type ServerKeys } from "./server-keys.js";

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

interface Source {
  env?: Record<string, string>;
  flags?: Record<string, string>;
  config?: string;
}

async function serverKeys({ env = {}, flags = {}, config }: Source): Promise<ServerKeys> {
  return loadServerKeys(await readSettings({ config, env: { HOME: "/nowhere", ...env }, flags }));
}

async function clientKey({ env = {}, flags = {}, config }: Source): Promise<ClientKey> {
  return loadClientKey(await readSettings({ config, env: { HOME: "/nowhere", ...env }, flags }));
}

const refused = (code: string): Promise<unknown> => expect.objectContaining({ code }) as Promise<unknown>;

test("a server accepts the keys of its file and of the environment", async () => {
  const { keys, warnings } = await serverKeys({
    flags: { "--api-keys-file": keyFile(`ann ${A}`) },
    env: { POSTERN_API_KEYS: `ben ${B}` },
  });
  expect(keys.map(({ owner }) => owner)).toEqual(["ann", "ben"]);
  expect(warnings).toEqual([]);
});

test("a file in UTF-16, as PowerShell writes it, is named as such", async () => {
  const file = keyFile("");
  writeFileSync(file, Buffer.from(`\ufeffme ${A}\r\n`, "utf16le"));
  const expected = { code: "PN_FILE_ENCODING", message: expect.stringContaining("UTF-16") };
  await expect(clientKey({ flags: { "--api-key-file": file } })).rejects.toMatchObject(expected);
  await expect(serverKeys({ flags: { "--api-keys-file": file } })).rejects.toMatchObject(expected);
});

test("a server without a key is refused", async () => {
  for (const flags of [{}, { "--api-keys-file": keyFile("# none yet\n") }]) {
    await expect(serverKeys({ flags })).rejects.toEqual(refused("PN_KEYS_MISSING"));
  }
});

test("a key in two sources is refused", async () => {
  const source = { flags: { "--api-keys-file": keyFile(`ann ${A}`) }, env: { POSTERN_API_KEYS: A } };
  await expect(serverKeys(source)).rejects.toEqual(refused("PN_KEY_AMBIGUOUS"));
});

test.for([0o620, 0o602, 0o666])("a file of mode %o, which other users can change, is refused", async (mode) => {
  const server = serverKeys({ flags: { "--api-keys-file": keyFile(A, mode) } });
  await expect(server).rejects.toEqual(refused("PN_FILE_WRITABLE"));
  const client = clientKey({ flags: { "--api-key-file": keyFile(A, mode) } });
  await expect(client).rejects.toEqual(refused("PN_FILE_WRITABLE"));
});

test("a file that other users can read causes a warning", async () => {
  const file = keyFile(A, 0o644);
  expect((await serverKeys({ flags: { "--api-keys-file": file } })).warnings).toEqual([
    expect.stringContaining(`chmod o-r ${file}`),
  ]);
  expect((await clientKey({ flags: { "--api-key-file": file } })).warning).toContain("chmod o-r");
});

test("a missing file, a folder and a file that is too large are refused", async () => {
  for (const file of ["/nowhere/keys", tmpdir(), keyFile("#".repeat(1024 * 1024 + 1))]) {
    const refusal = clientKey({ flags: { "--api-key-file": file } });
    await expect(refusal).rejects.toEqual(refused(file === tmpdir() ? "PN_FILE_WRITABLE" : "PN_FILE_UNREADABLE"));
  }
});

test("a flag overrides the environment, which overrides the file; two sources in the environment are refused", async () => {
  const file = keyFile(`me ${A}`);
  const config = keyFile(`[tunnel.auth]\napi_key_file = "${file}"\n`);
  expect((await clientKey({ flags: { "--api-key-file": file }, env: { POSTERN_API_KEY: B } })).key).toBe(A);
  expect((await clientKey({ env: { POSTERN_API_KEY: B } })).key).toBe(B);
  expect((await clientKey({ config, env: { POSTERN_API_KEY: B } })).key).toBe(B);
  expect((await clientKey({ config })).key).toBe(A);
  const both = clientKey({ env: { POSTERN_API_KEY: B, POSTERN_API_KEY_FILE: file } });
  await expect(both).rejects.toEqual(refused("PN_CONFIG_INVALID"));
  await expect(clientKey({})).rejects.toEqual(refused("PN_KEY_MISSING"));
});

test("the path of a key file is relative to the configuration file that names it", async () => {
  const keys = keyFile(`me ${A}`);
  const config = keyFile("");
  writeFileSync(config, `[tunnel.auth]\napi_key_file = "${relative(dirname(config), keys)}"\n`);
  expect((await clientKey({ config })).key).toBe(A);
});
