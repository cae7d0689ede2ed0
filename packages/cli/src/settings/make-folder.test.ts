import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { scratchFolder } from "@postern/testkit";
import { makeFolder } from "./make-folder.js";

const modeOf = (path: string): number => statSync(path).mode & 0o777;

test("a folder and those around it are made with the mode, whatever the umask", () => {
  const folder = scratchFolder(onTestFinished);
  const before = process.umask(0o077);
  onTestFinished(() => void process.umask(before));
  makeFolder(join(folder, "a", "b"), 0o750);
  expect([modeOf(join(folder, "a")), modeOf(join(folder, "a", "b"))]).toEqual([0o750, 0o750]);
  makeFolder(join(folder, "a", "b"), 0o700);
  expect(modeOf(join(folder, "a", "b"))).toBe(0o750);
});

test("where no folder can be made, the system's error is thrown", () => {
  const folder = scratchFolder(onTestFinished);
  writeFileSync(join(folder, "file"), "");
  expect(() => makeFolder(join(folder, "file"), 0o700)).toThrow(/EEXIST/);
  expect(() => makeFolder(join(folder, "file", "inner"), 0o700)).toThrow(/ENOTDIR/);
});

test.skipIf(process.platform !== "linux")("below /proc, which can hold no new folder, it ends", () => {
  expect(() => makeFolder("/proc/postern/certs", 0o700)).toThrow(/ENOENT/);
});
