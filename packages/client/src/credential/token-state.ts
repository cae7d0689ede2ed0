import { randomBytes } from "node:crypto";
import { mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";

const WRITABLE_BY_OTHERS = 0o022;
const MOST_BYTES = 64 * 1024;

/** A file that keeps the refresh token that counts now, when it is another than the configured one. */
export class TokenState {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** Undefined: there is none. @throws Error when others could have written it. */
  async read(): Promise<string | undefined> {
    try {
      const { mode, size } = await stat(this.#path);
      if (process.platform !== "win32" && (mode & WRITABLE_BY_OTHERS) !== 0)
        throw new Error(`other users can change ${this.#path}: chmod 600 it`);
      if (size > MOST_BYTES) throw new Error(`${this.#path} is too large to be a state file`);
      return refreshTokenIn(await readFile(this.#path, "utf8"));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      // What JSON.parse says repeats what it read.
      throw error instanceof SyntaxError ? new Error(`${this.#path} is damaged: remove it`) : error;
    }
  }

  /** Either the old one or the new one is there afterwards, whatever happens, and only its owner can read it. */
  async write(refreshToken: string): Promise<void> {
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
    const beside = `${this.#path}.${randomBytes(6).toString("hex")}`;
    try {
      const file = await open(beside, "wx", 0o600);
      try {
        await file.writeFile(`${JSON.stringify({ refresh_token: refreshToken })}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(beside, this.#path);
    } catch (error) {
      await rm(beside, { force: true });
      throw error;
    }
  }
}

/** @throws SyntaxError when `text` is no JSON object. */
function refreshTokenIn(text: string): string | undefined {
  const state: unknown = JSON.parse(text);
  if (typeof state !== "object" || state === null || Array.isArray(state)) throw new SyntaxError("no object");
  const { refresh_token } = state as { refresh_token?: unknown };
  return typeof refresh_token === "string" && refresh_token !== "" ? refresh_token : undefined;
}
