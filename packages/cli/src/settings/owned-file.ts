import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { CliError } from "../errors.js";

const WRITABLE_BY_OTHERS = 0o022;
const READABLE_BY_OTHERS = 0o004;
/** Keys and configurations are smaller; what is larger is something else. */
const MAX_BYTES = 1024 * 1024;
/** How long a pipe may give nothing, in milliseconds: somebody may have to type a password first. */
const PATIENCE = 60_000;
/** A pipe that nobody writes to would hold the opening for ever; Windows knows neither. */
const NEVER_WAITING = constants.O_RDONLY | (process.platform === "win32" ? 0 : constants.O_NONBLOCK);

export interface OwnedFile {
  bytes: Buffer;
  readableByOthers: boolean;
}

/**
 * Reads a file that decides what this program does. Throws PN_FILE_WRITABLE when other users could change it,
 * PN_FILE_UNREADABLE when it cannot be read or has more than 1 MiB.
 */
export async function readOwnedFile(path: string): Promise<OwnedFile> {
  let file;
  try {
    file = await open(path, NEVER_WAITING);
  } catch (error) {
    throw unreadable(path, error);
  }
  try {
    // Of the open file, so that nobody can swap it between the check and the reading.
    const { mode } = await file.stat();
    const permissions = process.platform === "win32" ? 0 : mode;
    if (permissions & WRITABLE_BY_OTHERS) {
      throw new CliError(
        "PN_FILE_WRITABLE",
        `Other users can change ${path}.`,
        `Make it yours alone: chmod 600 ${quoted(path)}`,
      );
    }
    const bytes = await read(file);
    if (bytes.length > MAX_BYTES)
      throw new CliError("PN_FILE_UNREADABLE", `${path} is larger than 1 MiB: this is no file of Postern's.`);
    return { bytes, readableByOthers: (permissions & READABLE_BY_OTHERS) !== 0 };
  } catch (error) {
    throw error instanceof CliError ? error : unreadable(path, error);
  } finally {
    await file.close();
  }
}

/** All that is there, but not much more than 1 MiB. The size is not asked for: pipes and devices have none. */
async function read(file: FileHandle): Promise<Buffer> {
  const buffer = Buffer.alloc(MAX_BYTES + 1);
  let length = 0;
  let patience = performance.now() + PATIENCE;
  while (length < buffer.length) {
    try {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length, null);
      if (bytesRead === 0) break;
      length += bytesRead;
      patience = performance.now() + PATIENCE;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN" || performance.now() > patience) throw error;
      await pause(20);
    }
  }
  return buffer.subarray(0, length);
}

export interface SecretFile {
  text: string;
  /** What the owner should change, though it is no reason to stop. */
  warning: string | undefined;
}

/** The same for a file that holds secrets: that others can read it is worth a warning. */
export async function readSecretFile(path: string): Promise<SecretFile> {
  const { bytes, readableByOthers } = await readOwnedFile(path);
  return {
    text: bytes.toString("utf8").replace(/^\uFEFF/, ""),
    warning: readableByOthers ? `Other users can read ${path}. Run: chmod 600 ${quoted(path)}` : undefined,
  };
}

/** A path as a shell takes it. */
export function quoted(path: string): string {
  return /^[\w./@+-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}

function unreadable(path: string, error: unknown): CliError {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const reasons: Record<string, string> = {
    ENOENT: "there is no such file",
    EACCES: "this user may not read it",
    EISDIR: "it is a folder",
    ELOOP: "its links lead in a circle",
    EAGAIN: "nothing comes out of it",
  };
  const reason = (typeof code === "string" && reasons[code]) || String(code ?? error);
  return new CliError("PN_FILE_UNREADABLE", `${path} cannot be read: ${reason}.`);
}
