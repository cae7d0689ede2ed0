import { open } from "node:fs/promises";
import { CliError } from "./errors.js";

const WRITABLE_BY_OTHERS = 0o022;
const READABLE_BY_OTHERS = 0o004;
const MAX_BYTES = 1024 * 1024;

export interface SecretFile {
  text: string;
  /** What the owner should change, though it is no reason to stop. */
  warning: string | undefined;
}

/** Reads a file that holds secrets. Throws PN_FILE_WRITABLE when other users could change it, PN_FILE_UNREADABLE when it cannot be read. */
export async function readSecretFile(path: string): Promise<SecretFile> {
  let file;
  try {
    file = await open(path);
  } catch (error) {
    throw unreadable(path, error);
  }
  try {
    // Of the open file, so that nobody can swap it between the check and the reading.
    const { mode, size } = await file.stat();
    const permissions = process.platform === "win32" ? 0 : mode;
    if (permissions & WRITABLE_BY_OTHERS) {
      throw new CliError(
        "PN_FILE_WRITABLE",
        `Other users can change ${path}.`,
        `Make it yours alone: chmod 600 ${quoted(path)}`,
      );
    }
    if (size > MAX_BYTES)
      throw new CliError("PN_FILE_UNREADABLE", `${path} is larger than 1 MiB: this is no key file.`);
    const text = await file.readFile("utf8");
    return {
      text: text.replace(/^\uFEFF/, ""),
      warning:
        permissions & READABLE_BY_OTHERS ? `Other users can read ${path}. Run: chmod 600 ${quoted(path)}` : undefined,
    };
  } catch (error) {
    throw error instanceof CliError ? error : unreadable(path, error);
  } finally {
    await file.close();
  }
}

function unreadable(path: string, error: unknown): CliError {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const reasons: Record<string, string> = {
    ENOENT: "there is no such file",
    EACCES: "this user may not read it",
    EISDIR: "it is a folder",
  };
  const reason = (typeof code === "string" && reasons[code]) || String(code ?? error);
  return new CliError("PN_FILE_UNREADABLE", `${path} cannot be read: ${reason}.`);
}

function quoted(path: string): string {
  return /^[\w./@+-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
