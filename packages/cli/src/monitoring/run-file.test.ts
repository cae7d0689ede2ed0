import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { scratchFolder } from "@postern/testkit";
import { announceClient, runFolder, runningClients, type RunningClient } from "./run-file.js";

const CLIENT: RunningClient = {
  schema: 1,
  pid: process.pid,
  api: "http://127.0.0.1:4040",
  started: "2026-11-22T10:00:00.000Z",
  command: "http",
  token: "a-token_0123",
};

test("a running client is found only by its user, until its run file is removed", () => {
  const folder = join(scratchFolder(onTestFinished), "postern", "run");
  expect(runningClients(folder)).toEqual([]);
  const withdraw = announceClient(folder, CLIENT);
  expect(runningClients(folder)).toEqual([CLIENT]);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(statSync(join(folder, `client-${process.pid}.json`)).mode & 0o777).toBe(0o600);
  withdraw();
  expect(runningClients(folder)).toEqual([]);
  withdraw();
});

test("a file without a token is one of an older version; a token of another form is ignored", () => {
  const folder = join(scratchFolder(onTestFinished), "run");
  const { token: _token, ...older } = CLIENT;
  for (const client of [older, { ...CLIENT, token: "a b" }, { ...CLIENT, token: 5 as unknown as string }]) {
    announceClient(folder, client);
    expect(runningClients(folder)).toEqual([older]);
  }
});

test("the file of a dead client is removed", async () => {
  const folder = join(scratchFolder(onTestFinished), "run");
  const dead = spawn(process.execPath, ["-e", ""]);
  await new Promise((resolve) => dead.once("close", resolve));
  announceClient(folder, { ...CLIENT, pid: dead.pid as number });
  announceClient(folder, CLIENT);
  expect(runningClients(folder)).toEqual([CLIENT]);
  expect(readdirSync(folder)).toEqual([`client-${process.pid}.json`]);
});

test("an invalid file is ignored and removed", () => {
  const folder = join(scratchFolder(onTestFinished), "run");
  const path = join(folder, `client-${process.pid}.json`);
  announceClient(folder, CLIENT)();
  const write = (value: unknown): void =>
    writeFileSync(path, typeof value === "string" ? value : JSON.stringify(value));
  for (const wrong of [
    "",
    "null",
    "{",
    { ...CLIENT, pid: 1 },
    { ...CLIENT, api: "http://169.254.169.254:80" },
    { ...CLIENT, api: "http://127.0.0.1.evil.example:80" },
    { ...CLIENT, api: "http://127.0.0.1:80/path" },
    { ...CLIENT, schema: 2 },
    { ...CLIENT, command: "x".repeat(5_000) },
  ]) {
    write(wrong);
    expect(runningClients(folder), JSON.stringify(wrong)).toEqual([]);
    expect(existsSync(path)).toBe(false);
  }
  // Other files must not be removed.
  writeFileSync(join(folder, "notes.txt"), "");
  runningClients(folder);
  expect(readdirSync(folder)).toEqual(["notes.txt"]);
});

test("a folder that other users can change, or that is a link, is not trusted", () => {
  const scratch = scratchFolder(onTestFinished);
  const open = join(scratch, "open");
  mkdirSync(open);
  chmodSync(open, 0o777);
  expect(() => announceClient(open, CLIENT)).toThrow("belongs to another user");
  writeFileSync(join(open, `client-${process.pid}.json`), JSON.stringify(CLIENT));
  expect(runningClients(open)).toEqual([]);
  const own = join(scratch, "own");
  announceClient(own, CLIENT);
  symlinkSync(own, join(scratch, "link"));
  expect(runningClients(join(scratch, "link"))).toEqual([]);
});

test("the folder depends on the environment", () => {
  expect(runFolder({ XDG_RUNTIME_DIR: "/run/user/7", HOME: "/home/me" })).toBe("/run/user/7/postern");
  expect(runFolder({ XDG_STATE_HOME: "/state", HOME: "/home/me" })).toBe("/state/postern/run");
  expect(runFolder({ HOME: "/home/me" })).toBe("/home/me/.local/state/postern/run");
});
