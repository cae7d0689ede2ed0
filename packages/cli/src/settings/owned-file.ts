import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { isUtf16 } from "@postern/config";
import { CliError } from "../errors.js";

const WRITABLE_BY_OTHERS = 0o022;
const READABLE_BY_OTHERS = 0o004;
/** Key files and configurations are smaller. */
const MAX_BYTES = 1024 * 1024;
/** Milliseconds to wait for data from a pipe. The timeout is long, because the writer may prompt for a password. */
const PIPE_TIMEOUT = 60_000;
/** Without O_NONBLOCK, opening a pipe waits for a writer. Windows has neither. */
const OPEN_FLAGS = constants.O_RDONLY | (process.platform === "win32" ? 0 : constants.O_NONBLOCK);

const ENCODING_FIX = "Save it as UTF-8. In PowerShell 5, `>` writes UTF-16; use: … | Set-Content -Encoding ascii FILE";

export interface OwnedFile {
  bytes: Buffer;
  readableByOthers: boolean;
}

/**
 * Reads a configuration, key or certificate file. Throws PN_FILE_WRITABLE when other users can change it,
 * PN_FILE_UNREADABLE when it cannot be read or is larger than `most` bytes, PN_FILE_ENCODING when it is UTF-16.
 */
export async function readOwnedFile(path: string, most = MAX_BYTES): Promise<OwnedFile> {
  let file;
  try {
    file = await open(path, OPEN_FLAGS);
  } catch (error) {
    throw unreadable(path, error);
  }
  try {
    // The mode of the open file, which cannot be replaced between this check and the read.
    const { mode } = await file.stat();
    const permissions = process.platform === "win32" ? 0 : mode;
    if (permissions & WRITABLE_BY_OTHERS) {
      throw new CliError(
        "PN_FILE_WRITABLE",
        `Other users can change ${path}.`,
        `Remove their permission: chmod go-w ${quoted(path)}`,
      );
    }
    const bytes = await read(file, most);
    if (bytes.length > most)
      throw new CliError(
        "PN_FILE_UNREADABLE",
        most === MAX_BYTES
          ? `${path} is larger than 1 MiB, which is too large for a configuration, key or certificate file.`
          : `${path} is larger than ${most / MAX_BYTES} MiB.`,
      );
    if (isUtf16(bytes)) throw new CliError("PN_FILE_ENCODING", `${path} is UTF-16 text, not UTF-8.`, ENCODING_FIX);
    return { bytes, readableByOthers: (permissions & READABLE_BY_OTHERS) !== 0 };
  } catch (error) {
    throw error instanceof CliError ? error : unreadable(path, error);
  } finally {
    await file.close();
  }
}

/**
 * Reads to the end, but at most one byte more than `most`. It does not rely on the file's size, because pipes and
 * devices have none.
 */
async function read(file: FileHandle, most: number): Promise<Buffer> {
  const buffer = Buffer.alloc(most + 1);
  let length = 0;
  let deadline = performance.now() + PIPE_TIMEOUT;
  while (length < buffer.length) {
    try {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length, null);
      if (bytesRead === 0) break;
      length += bytesRead;
      deadline = performance.now() + PIPE_TIMEOUT;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN" || performance.now() > deadline) throw error;
      await pause(20);
    }
  }
  return buffer.subarray(0, length);
}

export interface SecretFile {
  text: string;
  /** Set when other users can read the file. */
  warning: string | undefined;
}

/** Reads a file with secrets; warns when other users can read it. Throws as `readOwnedFile`. */
export async function readSecretFile(path: string): Promise<SecretFile> {
  const { bytes, readableByOthers } = await readOwnedFile(path);
  return {
    text: bytes.toString("utf8").replace(/^\uFEFF/, ""),
    warning: readableByOthers ? `Other users can read ${path}. Run: chmod o-r ${quoted(path)}` : undefined,
  };
}

/** Quotes a path for a shell. */
export function quoted(path: string): string {
  return /^[\w./@+-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}

function unreadable(path: string, error: unknown): CliError {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const reasons: Record<string, string> = {
    ENOENT: "no such file",
    EACCES: "permission denied",
    EISDIR: "it is a folder",
    ELOOP: "its symbolic links form a loop",
    EAGAIN: "the pipe delivered no data for 60 seconds",
  };
  const reason = (typeof code === "string" && reasons[code]) || String(code ?? error);
  return new CliError("PN_FILE_UNREADABLE", `${path} cannot be read: ${reason}.`);
}
