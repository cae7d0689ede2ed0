import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { scratchFolder, until } from "@postern/testkit";
import { LogFiles, type LogFilesOptions } from "./log-files.js";

const failures: string[] = [];

function open(folder: string, more: Partial<LogFilesOptions> = {}): LogFiles {
  return new LogFiles({
    folder,
    name: "start",
    maxBytes: 1e6,
    retentionDays: 0,
    onFailure: (message) => failures.push(message),
    ...more,
  });
}

const modeOf = (path: string): number => statSync(path).mode & 0o777;

describe("permissions", () => {
  test("only the owner can read the files, also those that an earlier version made", async () => {
    const folder = join(scratchFolder(onTestFinished), "logs");
    await open(folder).close();
    expect([modeOf(folder), modeOf(join(folder, "start.log"))]).toEqual([0o700, 0o600]);
    chmodSync(join(folder, "start.log"), 0o644);
    await open(folder).close();
    expect(modeOf(join(folder, "start.log"))).toBe(0o600);
  });

  test("a configured mode applies to all files, and lets its readers enter the folder", async () => {
    const folder = join(scratchFolder(onTestFinished), "logs");
    const files = open(folder, { mode: 0o640, maxBytes: 10 });
    for (const line of ["one, which is long", "two"]) files.line(line);
    await files.close();
    const names = readdirSync(folder);
    expect(names).toHaveLength(2);
    expect([folder, ...names.map((name) => join(folder, name))].map(modeOf)).toEqual([0o750, 0o640, 0o640]);
  });

  test("a folder that other users can write to is a warning", async () => {
    const folder = scratchFolder(onTestFinished);
    const files = open(folder);
    expect(files.warning).toBeUndefined();
    await files.close();
    chmodSync(folder, 0o777);
    const exposed = open(folder);
    expect(exposed.warning).toMatch(/Other users can write to the log folder .*chmod go-w/);
    await exposed.close();
  });
});

describe("a file through which others could direct the log elsewhere is refused, and stays unchanged", () => {
  const target = (folder: string): string => {
    const path = join(folder, "target");
    writeFileSync(path, "kept", { mode: 0o644 });
    return path;
  };

  test.for([
    ["a symbolic link", (path, folder) => symlinkSync(target(folder), path)],
    ["a dangling symbolic link", (path, folder) => symlinkSync(join(folder, "new"), path)],
    ["a hard link", (path, folder) => linkSync(target(folder), path)],
    ["a pipe", (path) => execFileSync("mkfifo", [path])],
    ["a folder", (path) => mkdirSync(path)],
  ] as [string, (path: string, folder: string) => unknown][])("%s", ([, make]) => {
    const folder = scratchFolder(onTestFinished);
    make(join(folder, "start.log"), folder);
    const before = readdirSync(folder);
    expect(() => open(folder)).toThrow(expect.objectContaining({ code: "PN_LOG_UNWRITABLE" }));
    expect(readdirSync(folder)).toEqual(before);
    if (before.includes("target")) {
      expect(readFileSync(join(folder, "target"), "utf8")).toBe("kept");
      expect(modeOf(join(folder, "target"))).toBe(0o644);
    }
  });

  test("also when a full file is replaced: the log goes on in the full file", async () => {
    const folder = scratchFolder(onTestFinished);
    let plant = (): void => {};
    const files = open(folder, {
      maxBytes: 10,
      now() {
        plant();
        return Date.parse("2026-11-27");
      },
    });
    files.line("one, which is long");
    // The name of the full file is taken by a folder, so that the file cannot be renamed.
    plant = () => void mkdirSync(join(folder, "start-2026-11-27T00-00-00-000Z.log"), { recursive: true });
    files.line("two");
    await files.close();
    expect(readFileSync(join(folder, "start.log"), "utf8")).toBe("one, which is long\ntwo\n");
    expect(failures.join("")).toContain("Cannot write the log");
  });
});

test("no line is lost or cut by rotation", async () => {
  const folder = scratchFolder(onTestFinished);
  let time = 0;
  const files = open(folder, { maxBytes: 100, now: () => (time += 1) });
  const lines = Array.from({ length: 500 }, (_, number) => `line ${number}`);
  for (const line of lines) files.line(line);
  await files.close();
  const written = readdirSync(folder)
    .toSorted()
    .flatMap((name) => readFileSync(join(folder, name), "utf8").split("\n").slice(0, -1));
  expect(new Set(written)).toEqual(new Set(lines));
  expect(written).toHaveLength(lines.length);
  expect(readdirSync(folder).length).toBeGreaterThan(1);
});

describe("another program rotates the file", () => {
  const content = (folder: string, name: string): string => readFileSync(join(folder, name), "utf8");

  test("a moved file is replaced when the log is told so", async () => {
    const folder = scratchFolder(onTestFinished);
    const files = open(folder);
    files.line("one");
    renameSync(join(folder, "start.log"), join(folder, "moved"));
    files.reopen();
    files.line("two");
    await files.close();
    expect([content(folder, "moved"), content(folder, "start.log")]).toEqual(["one\n", "two\n"]);
  });

  test.for([
    ["moved", (path: string) => renameSync(path, `${path}.1`)],
    ["deleted", (path: string) => rmSync(path)],
  ] as const)("a file that was %s is replaced soon after the next line", async ([, take]) => {
    const folder = scratchFolder(onTestFinished);
    const files = open(folder);
    files.line("one");
    take(join(folder, "start.log"));
    files.line("two");
    await until("a new file", () => existsSync(join(folder, "start.log")));
    files.line("three");
    await files.close();
    expect(content(folder, "start.log")).toBe("three\n");
  });

  test("a file that is where it was stays open", async () => {
    const folder = scratchFolder(onTestFinished);
    const files = open(folder);
    const { ino } = statSync(join(folder, "start.log"));
    files.reopen();
    files.line("one");
    await files.close();
    expect(statSync(join(folder, "start.log")).ino).toBe(ino);
    expect(content(folder, "start.log")).toBe("one\n");
  });

  test("a file that was cut off is full only when it is full again", async () => {
    const folder = scratchFolder(onTestFinished);
    const files = open(folder, { maxBytes: 100 });
    files.line("x".repeat(90));
    await until("the first line", () => statSync(join(folder, "start.log")).size === 91);
    files.line("");
    // The next line is written when the log knows that the first one was.
    await until("the next line", () => statSync(join(folder, "start.log")).size === 92);
    truncateSync(join(folder, "start.log"));
    for (const line of ["y".repeat(40), "z".repeat(40)]) files.line(line);
    await files.close();
    expect(readdirSync(folder)).toEqual(["start.log"]);
    expect(content(folder, "start.log")).toBe(`${"y".repeat(40)}\n${"z".repeat(40)}\n`);
  });
});
