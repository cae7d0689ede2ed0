// The look-up thread loads this file and what it imports. Where the sources run unbuilt, that is Node.js itself, which
// finds them by the names that they have: `.ts`.
import { constants, type BigIntStats } from "node:fs";
import type { FileStats } from "./file-stamp.ts";
import type { FileSystem } from "./file-system.ts";
import { isBelow, slashed } from "./real-path.ts";

/** A file or a folder that was opened and checked. Its descriptor belongs to the caller. */
export interface OpenEntry {
  readonly kind: "file" | "folder";
  readonly fd: number;
  readonly stats: FileStats;
  /** Its path on the disk without links. */
  readonly realPath: string;
}

/** Why there is none. `folder`: there is one, which this system does not open. */
export type NoEntry = "missing" | "folder" | "deleted" | "outside";

/** The calls that open a file. */
export type OpeningCalls = Pick<FileSystem, "stat" | "open" | "fstat" | "readlink" | "realpath" | "close">;

/** The same calls for a thread that waits for each of them. */
export type BlockingCalls = {
  readonly [Name in keyof OpeningCalls]: (
    ...values: Parameters<OpeningCalls[Name]>
  ) => Awaited<ReturnType<OpeningCalls[Name]>>;
};

/** Errors of paths at which there is nothing to serve. ENXIO: a socket, or a device without a driver. */
const MISSING = new Set(["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG", "EINVAL", "ENXIO", "ENODEV", "ESTALE"]);

/** O_NONBLOCK: opening a pipe that somebody put in place of the file does not wait for its writer. */
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);

/**
 * For the path of a look-up that waits. `Buffer.from` takes its bytes from blocks of 64 KB, each of which lives for
 * many look-ups: V8 would keep them until it collects the old generation.
 */
const SCRATCH = Buffer.allocUnsafeSlow(4_096);

/** Whether an error means that there is nothing at a path. */
export function isMissing(error: unknown): boolean {
  return MISSING.has((error as NodeJS.ErrnoException).code ?? "");
}

/**
 * Opens a file or a folder. Where it is, is checked on its descriptor.
 * @param path on the disk, bytes in Latin-1
 * @param within a folder without links, in which it must be; undefined: it may be anywhere
 * @throws Error with a system `code` if there is something that cannot be opened.
 */
export async function openEntry(
  disk: OpeningCalls,
  path: string,
  within: string | undefined,
): Promise<OpenEntry | NoEntry> {
  const bytes = Buffer.from(path, "latin1");
  let fd;
  try {
    if (!isOpened(await disk.stat(bytes))) return "missing";
    fd = await disk.open(bytes, FLAGS);
  } catch (error) {
    return whyNot(error);
  }
  let entry: OpenEntry | NoEntry | undefined;
  try {
    const stats = await disk.fstat(fd);
    entry = refused(stats) ?? entryAt(await realPathOf(disk, fd, bytes, stats), fd, stats, within);
  } finally {
    if (typeof entry !== "object") disk.close(fd);
  }
  return entry;
}

/** As `openEntry`, with the same checks in the same order. It waits for the disk. */
export function openEntryAtOnce(disk: BlockingCalls, path: string, within: string | undefined): OpenEntry | NoEntry {
  const bytes = scratchOf(path);
  let fd;
  try {
    if (!isOpened(disk.stat(bytes))) return "missing";
    fd = disk.open(bytes, FLAGS);
  } catch (error) {
    return whyNot(error);
  }
  let entry: OpenEntry | NoEntry | undefined;
  try {
    const stats = disk.fstat(fd);
    entry = refused(stats) ?? entryAt(realPathAtOnce(disk, fd, bytes, stats), fd, stats, within);
  } finally {
    if (typeof entry !== "object") disk.close(fd);
  }
  return entry;
}

/** The bytes of a path, valid until the next call. */
function scratchOf(path: string): Buffer {
  return path.length > SCRATCH.length
    ? Buffer.from(path, "latin1")
    : SCRATCH.subarray(0, SCRATCH.write(path, "latin1"));
}

/** A pipe or a device is not even opened, because that alone can have effects. */
function isOpened(stats: BigIntStats): boolean {
  return stats.isFile() || stats.isDirectory();
}

/** @throws the error of something that exists and cannot be opened */
function whyNot(error: unknown): NoEntry {
  if (isMissing(error)) return "missing";
  if ((error as NodeJS.ErrnoException).code === "EISDIR") return "folder";
  throw error;
}

/** Why something that was opened is not served, wherever it is. */
function refused(stats: BigIntStats): NoEntry | undefined {
  // Its path is no longer known, so nobody can tell whether it is secret.
  if (stats.nlink === 0n) return "deleted";
  return isOpened(stats) ? undefined : "missing";
}

/** @param realPath where it is; undefined: its path leads to another file by now */
function entryAt(
  realPath: string | undefined,
  fd: number,
  stats: BigIntStats,
  within: string | undefined,
): OpenEntry | NoEntry {
  if (realPath === undefined) return "missing";
  if (within !== undefined && !isBelow(realPath, within)) return "outside";
  return { kind: stats.isFile() ? "file" : "folder", fd, stats, realPath };
}

/** The path of an open file without links. Undefined: its path leads to another file by now. */
async function realPathOf(disk: OpeningCalls, fd: number, path: Buffer, stats: FileStats): Promise<string | undefined> {
  if (process.platform === "linux") {
    try {
      return slashed(await disk.readlink(`/proc/self/fd/${fd}`));
    } catch {
      // Without /proc, the path is compared.
    }
  }
  const realPath = await disk.realpath(path);
  return isSame(await disk.stat(realPath), stats) ? slashed(realPath) : undefined;
}

/** As `realPathOf`. */
function realPathAtOnce(disk: BlockingCalls, fd: number, path: Buffer, stats: FileStats): string | undefined {
  if (process.platform === "linux") {
    try {
      return slashed(disk.readlink(`/proc/self/fd/${fd}`));
    } catch {
      // Without /proc, the path is compared.
    }
  }
  const realPath = disk.realpath(path);
  return isSame(disk.stat(realPath), stats) ? slashed(realPath) : undefined;
}

function isSame(one: FileStats, other: FileStats): boolean {
  return one.dev === other.dev && one.ino === other.ino;
}
