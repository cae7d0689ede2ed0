import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  lstatSync,
  openSync,
  statSync,
  type Stats,
} from "node:fs";
import { basename, dirname, extname } from "node:path";
import { quoted } from "../settings/owned-file.js";

const { O_APPEND, O_CREAT, O_WRONLY, O_NOFOLLOW, O_NONBLOCK, W_OK, X_OK } = constants;
/** Without O_NONBLOCK, opening a pipe waits for a reader. Windows has neither flag. */
const OPEN_FLAGS = O_WRONLY | O_APPEND | O_CREAT | (process.platform === "win32" ? 0 : O_NOFOLLOW | O_NONBLOCK);
const WRITABLE_BY_OTHERS = 0o022;

export interface LogFile {
  descriptor: number;
  /** Bytes that it already holds. */
  size: number;
  inode: number;
}

/** The folder of a log, and its name in two parts: a rotated file has a timestamp between them. */
export function logPlace(path: string): { folder: string; name: string; ending: string } {
  const ending = extname(path);
  return { folder: dirname(path), name: basename(path, ending), ending };
}

/**
 * Opens a log file for appending, and sets its mode. It is refused if it is a symbolic link, a pipe or a device, or has
 * a second name: a user who can write to the folder could direct the log into another file.
 * @throws Error with the reason.
 */
export function openLogFile(path: string, mode: number): LogFile {
  const descriptor = opened(path, mode);
  try {
    const stat = fstatSync(descriptor);
    checkFile(path, stat);
    setMode(descriptor, mode);
    return { descriptor, size: stat.size, inode: stat.ino };
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

function opened(path: string, mode: number): number {
  try {
    return openSync(path, OPEN_FLAGS, mode);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ELOOP") throw new Error(`${path} is a symbolic link`, { cause: error });
    if (code === "ENXIO") throw new Error(`${path} is not a regular file`, { cause: error });
    throw error;
  }
}

/** Also changes a file of an earlier run. A file of another user keeps its mode. */
function setMode(descriptor: number, mode: number): void {
  try {
    fchmodSync(descriptor, mode);
  } catch {
    // Only the owner can change it, and some file systems have no modes.
  }
}

/**
 * Checks whether a log file could be opened, without creating anything. A missing folder is fine where it can be made.
 * @throws Error with the reason.
 */
export function checkLogFile(path: string): void {
  const folder = existingFolder(dirname(path));
  accessSync(folder, W_OK | X_OK);
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (stat.isSymbolicLink()) throw new Error(`${path} is a symbolic link`);
  checkFile(path, stat);
  accessSync(path, W_OK);
}

function existingFolder(folder: string): string {
  const stat = statSync(folder, { throwIfNoEntry: false });
  if (stat === undefined && dirname(folder) !== folder) return existingFolder(dirname(folder));
  if (stat?.isDirectory() !== true) throw new Error(`${folder} is not a folder`);
  return folder;
}

function checkFile(path: string, stat: Stats): void {
  if (!stat.isFile()) throw new Error(`${path} is not a regular file`);
  if (stat.nlink > 1) throw new Error(`${path} has another name (a hard link)`);
}

/** The mode of a new folder for files with `mode`: those who may read the files may enter it. */
export function folderMode(mode: number): number {
  const readers = mode & 0o044;
  return 0o700 | readers | (readers >> 2);
}

/** A warning if other users can write to the folder, and so replace log files. */
export function folderWarning(folder: string): string | undefined {
  const mode = statSync(folder, { throwIfNoEntry: false })?.mode ?? 0;
  if (process.platform === "win32" || (mode & WRITABLE_BY_OTHERS) === 0) return undefined;
  return `Other users can write to the log folder ${folder}, and replace log files. Run: chmod go-w ${quoted(folder)}`;
}
