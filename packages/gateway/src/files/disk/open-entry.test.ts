import { execFileSync } from "node:child_process";
import fs, {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { DISK } from "./file-system.js";
import {
  openEntry,
  openEntryAtOnce,
  type BlockingCalls,
  type NoEntry,
  type OpenEntry,
  type OpeningCalls,
} from "./open-entry.js";

const BLOCKING: BlockingCalls = {
  stat: (path) => fs.statSync(path, { bigint: true }),
  open: (path, flags) => fs.openSync(path, flags),
  fstat: (fd) => fs.fstatSync(fd, { bigint: true }),
  readlink: (path) => fs.readlinkSync(path, { encoding: "buffer" }),
  realpath: (path) => fs.realpathSync.native(path, { encoding: "buffer" }),
  close: (fd) => fs.closeSync(fd),
};

/** Something to do between the check of a path and its opening. */
type Between = () => void;

const WAYS: [string, (path: string, within: string | undefined, between?: Between) => Promise<OpenEntry | NoEntry>][] =
  [
    [
      "with a promise for each call",
      (path, within, between) => {
        const open: OpeningCalls["open"] = (file, flags) => (between?.(), DISK.open(file, flags));
        // Its descriptor is closed at once, so that it can be counted.
        return openEntry({ ...DISK, open, close: (fd) => fs.closeSync(fd) }, path, within);
      },
    ],
    [
      "at once",
      async (path, within, between) => {
        const open: BlockingCalls["open"] = (file, flags) => (between?.(), fs.openSync(file, flags));
        return openEntryAtOnce({ ...BLOCKING, open }, path, within);
      },
    ],
  ];

function folder(): string {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), "postern-entry-")));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const root = join(directory, "root");
  mkdirSync(join(root, "docs"), { recursive: true });
  writeFileSync(join(root, "file"), "inside");
  writeFileSync(join(directory, "outside"), "outside");
  return root;
}

const openFiles = (): number => readdirSync("/proc/self/fd").length;

describe.runIf(process.platform === "linux").each(WAYS)("an entry opened %s", (_, open) => {
  test("is a file or a folder in the root, with its path without links", async () => {
    const root = folder();
    symlinkSync("file", join(root, "link"));
    for (const [name, kind, real] of [
      ["file", "file", "file"],
      ["docs", "folder", "docs"],
      ["link", "file", "file"],
    ] as const) {
      const entry = (await open(join(root, name), root)) as OpenEntry;
      expect(entry).toMatchObject({ kind, realPath: join(root, real) });
      fs.closeSync(entry.fd);
    }
  });

  test("is refused without an open descriptor when it is missing, elsewhere, or no file", async () => {
    const root = folder();
    symlinkSync("../outside", join(root, "link"));
    symlinkSync("loop", join(root, "loop"));
    execFileSync("mkfifo", [join(root, "pipe")]);
    const before = openFiles();
    for (const [name, expected] of [
      ["none", "missing"],
      ["file/none", "missing"],
      ["loop", "missing"],
      ["pipe", "missing"],
      ["link", "outside"],
    ] as const)
      expect(await open(join(root, name), root), name).toBe(expected);
    expect(openFiles()).toBe(before);
  });

  test.each<[string, string, (root: string) => void]>([
    ["a link out of the root", "outside", (root) => symlinkSync("../outside", join(root, "file"))],
    ["a pipe", "missing", (root) => execFileSync("mkfifo", [join(root, "file")])],
    ["nothing", "missing", () => {}],
  ])("is refused when %s takes its place after its path was checked", async (__, expected, replace) => {
    const root = folder();
    const before = openFiles();
    const swap = (): void => {
      unlinkSync(join(root, "file"));
      replace(root);
    };
    expect(await open(join(root, "file"), root, swap)).toBe(expected);
    expect(openFiles()).toBe(before);
  });

  test("may be anywhere if that is allowed", async () => {
    const root = folder();
    symlinkSync("../outside", join(root, "link"));
    const entry = (await open(join(root, "link"), undefined)) as OpenEntry;
    expect(entry.realPath).toBe(join(root, "../outside"));
    fs.closeSync(entry.fd);
  });
});

test("a thread that opens many entries uses one memory for their paths, also after one that is too long", () => {
  const root = folder();
  const memories = new Set<unknown>();
  const stat: BlockingCalls["stat"] = (path) => {
    memories.add((path as Buffer).buffer);
    return BLOCKING.stat(path);
  };
  const open = (path: string): OpenEntry | NoEntry => openEntryAtOnce({ ...BLOCKING, stat }, path, root);
  for (const [name, kind] of [
    ["docs", "folder"],
    ["file", "file"],
    ["docs/../docs", "folder"],
  ] as const) {
    const entry = open(join(root, "/") + name) as OpenEntry;
    expect(entry.kind, name).toBe(kind);
    fs.closeSync(entry.fd);
  }
  expect(memories.size).toBe(1);
  expect(open(join(root, "a".repeat(10_000)))).toBe("missing");
  const entry = open(join(root, "file")) as OpenEntry;
  expect(entry).toMatchObject({ kind: "file", realPath: join(root, "file") });
  fs.closeSync(entry.fd);
  expect(memories.size).toBe(2);
});
