import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { scratchFolder } from "@postern/testkit";
import { TokenState } from "./token-state.js";

const place = (): string => join(scratchFolder(onTestFinished), "postern", "state.json");

/** A state file with this content. */
function holding(text: string, mode = 0o600): TokenState {
  const file = join(scratchFolder(onTestFinished), "state.json");
  writeFileSync(file, text, { mode });
  chmodSync(file, mode);
  return new TokenState(file);
}

test("writes a file for its owner only, in a new folder, without temporary files left over", async () => {
  const file = place();
  const state = new TokenState(file);
  expect(await state.read()).toBeUndefined();
  for (const token of ["first", 'with " and \\ and \u{1f511}']) {
    await state.write(token);
    expect(await new TokenState(file).read()).toBe(token);
  }
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(dirname(file)).mode & 0o777).toBe(0o700);
  expect(readdirSync(dirname(file))).toEqual(["state.json"]);
});

test("a rewritten file is no longer readable by others", async () => {
  const file = place();
  mkdirSync(dirname(file));
  writeFileSync(file, '{"refresh_token":"old"}', { mode: 0o644 });
  await new TokenState(file).write("new");
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test("of concurrent writers one wins, with its whole content", async () => {
  const file = place();
  const tokens = Array.from({ length: 20 }, (_, index) => `${index}`.repeat(1_000));
  await Promise.all(tokens.map((token) => new TokenState(file).write(token)));
  expect(tokens).toContain(await new TokenState(file).read());
  expect(readdirSync(dirname(file))).toEqual(["state.json"]);
});

test("a symbolic link is replaced, and its target stays unchanged", async () => {
  const folder = scratchFolder(onTestFinished);
  const [file, other] = [join(folder, "state.json"), join(folder, "other")];
  writeFileSync(other, "somebody's", { mode: 0o600 });
  symlinkSync(other, file);
  await new TokenState(file).write("mine");
  expect([readFileSync(other, "utf8"), await new TokenState(file).read()]).toEqual(["somebody's", "mine"]);
});

test.for([
  ["cut off", '{"refresh_token":"canary', /is damaged: remove it/],
  ["empty", "", /is damaged: remove it/],
  ["null", "null", /is damaged: remove it/],
  ["a number", "7", /is damaged: remove it/],
  ["a list", '["canary"]', /is damaged: remove it/],
  ["a text", '"canary"', /is damaged: remove it/],
  ["huge", `{"refresh_token":"${"canary".repeat(20_000)}"}`, /too large/],
] as const)("%s is reported without its content", async ([, text, why]) => {
  const error = await holding(text)
    .read()
    .catch((thrown: Error) => thrown);
  expect(error).toBeInstanceOf(Error);
  expect((error as Error).message).toMatch(why);
  expect((error as Error).message).not.toContain("canary");
});

test.for(["{}", '{"refresh_token":""}', '{"refresh_token":7}', '{"refresh_token":null}'])(
  "%s contains no token",
  async (text) => {
    expect(await holding(text).read()).toBeUndefined();
  },
);

test.for([0o620, 0o602, 0o666])("a file that others can write (%o) is rejected", async (mode) => {
  await expect(holding('{"refresh_token":"evil"}', mode).read()).rejects.toThrow(/other users can change .*chmod 600/);
});

test("failed reads and writes are errors, and the old file stays", async () => {
  const folder = scratchFolder(onTestFinished);
  await expect(new TokenState(folder).read()).rejects.toThrow(/EISDIR/);
  const blocked = join(folder, "file", "state.json");
  writeFileSync(join(folder, "file"), "");
  await expect(new TokenState(blocked).write("new")).rejects.toThrow(/EEXIST|ENOTDIR/);
  // A folder cannot be replaced by a file; the temporary file is removed.
  mkdirSync(join(folder, "state.json", "full"), { recursive: true });
  await expect(new TokenState(join(folder, "state.json")).write("new")).rejects.toThrow();
  expect(existsSync(join(folder, "state.json", "full"))).toBe(true);
  expect(readdirSync(folder).toSorted()).toEqual(["file", "state.json"]);
});
