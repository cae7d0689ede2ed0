import { randomBytes } from "node:crypto";
import { mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";

const WRITABLE_BY_OTHERS = 0o022;
const MAX_BYTES = 64 * 1024;

/** A file that stores the current refresh token when the issuer has replaced the configured one. */
export class TokenState {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** The stored token; undefined: there is no file. @throws Error when other users can write to the file. */
  async read(): Promise<string | undefined> {
    try {
      const { mode, size } = await stat(this.#path);
      if (process.platform !== "win32" && (mode & WRITABLE_BY_OTHERS) !== 0)
        throw new Error(`other users can change ${this.#path}: run chmod 600 on it`);
      if (size > MAX_BYTES) throw new Error(`${this.#path} is too large to be a state file`);
      return refreshTokenIn(await readFile(this.#path, "utf8"));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      // The message of JSON.parse would contain the text.
      throw error instanceof SyntaxError ? new Error(`${this.#path} is damaged: remove it`) : error;
    }
  }

  /** Replaces the file atomically. Only its owner can read it. */
  async write(refreshToken: string): Promise<void> {
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
    const temporary = `${this.#path}.${randomBytes(6).toString("hex")}`;
    try {
      const file = await open(temporary, "wx", 0o600);
      try {
        await file.writeFile(`${JSON.stringify({ refresh_token: refreshToken })}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, this.#path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  }
}

/** @throws SyntaxError when `text` is not a JSON object. */
function refreshTokenIn(text: string): string | undefined {
  const state: unknown = JSON.parse(text);
  if (typeof state !== "object" || state === null || Array.isArray(state)) throw new SyntaxError("not an object");
  const { refresh_token } = state as { refresh_token?: unknown };
  return typeof refresh_token === "string" && refresh_token !== "" ? refresh_token : undefined;
}
