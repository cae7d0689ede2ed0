import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { claimPort, postern, scratchFolder, ServerProcess, writeKeys, type Program } from "@postern/testkit";

const KEY = "key-of-the-owner-0123456789";
const TARGET = 9;

const launch = (server: { url: string }, args: string[], env: Record<string, string>): Program =>
  postern(onTestFinished, ["http", String(TARGET), "--server", server.url, "--json", ...args], { env });

test("a client without a key explains how to provide one and does not connect", async () => {
  const server = await ServerProcess.start(onTestFinished);
  const client = launch(server, [], {});
  await client.ends(2);
  expect(client.stderr).toMatch(/PN_KEY_MISSING[^]*--api-key-file/);
  expect(client.stdout).not.toContain("connection_attempt");
});

test("a server without keys does not start", async () => {
  const port = await claimPort();
  const empty = join(scratchFolder(onTestFinished), "keys");
  writeFileSync(empty, "# nobody yet\n", { mode: 0o600 });
  for (const args of [[], ["--api-keys-file", empty]]) {
    const server = postern(onTestFinished, ["server", "--listen", `127.0.0.1:${port}`, ...args]);
    await server.ends(2);
    expect(server.stderr).toContain("PN_KEYS_MISSING");
  }
});

test.for([
  ["that others can write", KEY, 0o666, "PN_FILE_WRITABLE"],
  ["with a key that is too short", "short", 0o600, "PN_KEY_INVALID"],
] as const)("a key file %s is refused", async ([, key, mode, code]) => {
  const port = await claimPort();
  const file = writeKeys(join(scratchFolder(onTestFinished), "keys"), { me: key });
  chmodSync(file, mode);
  const server = postern(onTestFinished, ["server", "--listen", `127.0.0.1:${port}`, "--api-keys-file", file]);
  await server.ends(2);
  expect(server.stderr).toContain(code);
});

test.for(["--api-key", "--api-keys", "--token", "--password"])(
  "a secret after %s is refused without repeating it",
  async (option) => {
    for (const args of [[option, KEY], [`${option}=${KEY}`]]) {
      const client = launch({ url: "http://127.0.0.1:9" }, args, { POSTERN_API_KEY: KEY });
      await client.ends(2);
      expect(client.stderr).toContain("PN_SECRET_ARGUMENT");
      expect(client.output).not.toContain(KEY);
    }
  },
);
