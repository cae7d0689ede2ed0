import { accessSync, constants, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import sonicBoom, { type SonicBoom } from "sonic-boom";
import { CliError } from "../errors.js";

/** Bytes that may wait for a slow disk; lines beyond are counted and left out. */
const MOST_WAITING = 4 * 1024 * 1024;
const DAY = 86_400_000;
/** What stands between the name of a full file and its ending. */
const AGE = /^-\d{4}-\d\d-\d\dT[\d-]+Z$/;
/** How long the last lines may take, in milliseconds. */
const FAREWELL = 2_000;

export interface LogFilesOptions {
  folder: string;
  /** The name of the current file, without its ending. */
  name: string;
  /** Default `.log`. */
  ending?: string;
  /** Bytes after which a new file is begun. */
  maxBytes: number;
  /** Days after which an old file is deleted. 0: never. */
  retentionDays: number;
  /** What to do when there can be no file. */
  fix?: string;
  /** Hears when lines cannot be written, for instance because the disk is full; again only after some could. */
  onTrouble: (message: string) => void;
  now?: () => number;
}

/**
 * The log in files: `name.log` is the current one; when it is full it becomes `name-2026-11-23T08-15-00-000Z.log`, and a new one is begun.
 * Trouble with the disk loses lines, never the work.
 */
export class LogFiles {
  readonly #options: LogFilesOptions;
  readonly #path: string;
  readonly #file: SonicBoom;
  readonly #sweeper: NodeJS.Timeout;
  #bytes: number;
  #troubled = false;
  /** The next file is not open yet: what is written meanwhile goes into it, however much that is. */
  #opening = false;

  /** Throws PN_LOG_UNWRITABLE when there can be no file. */
  constructor(options: LogFilesOptions) {
    this.#options = options;
    this.#path = join(options.folder, `${options.name}${this.#ending}`);
    try {
      mkdirSync(options.folder, { recursive: true });
      accessSync(options.folder, constants.W_OK);
      this.#bytes = existsSync(this.#path) ? statSync(this.#path).size : 0;
      if (this.#bytes > 0) accessSync(this.#path, constants.W_OK);
      this.#file = new sonicBoom.SonicBoom({ dest: this.#path, append: true, mode: 0o640, maxLength: MOST_WAITING });
    } catch (error) {
      throw new CliError(
        "PN_LOG_UNWRITABLE",
        `Log files cannot be written to ${options.folder}: ${(error as Error).message}.`,
        options.fix ?? "Choose another folder as logs_directory in [logging], or set file_logging = false.",
      );
    }
    this.#file.on("error", (error) => {
      this.#opening = false;
      this.#trouble(error.message);
    });
    this.#file.on("ready", () => (this.#opening = false));
    this.#file.on("drop", () => this.#trouble("the disk is too slow"));
    this.#file.on("write", () => (this.#troubled = false));
    this.#sweep();
    this.#sweeper = setInterval(() => this.#sweep(), DAY).unref();
  }

  /** Writes one or more whole lines. */
  line(text: string): void {
    const line = `${text}\n`;
    const size = Buffer.byteLength(line);
    if (this.#bytes > 0 && this.#bytes + size > this.#options.maxBytes && !this.#opening) this.#rotate();
    this.#bytes += size;
    this.#file.write(line);
  }

  /** Resolves when everything is written, or cannot be. Nothing may be written afterwards. */
  close(): Promise<void> {
    clearInterval(this.#sweeper);
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, FAREWELL);
      this.#file.once("close", () => {
        clearTimeout(timer);
        resolve();
      });
      this.#file.end();
    });
  }

  #rotate(): void {
    const at = new Date(this.#now()).toISOString().replaceAll(/[:.]/g, "-");
    try {
      renameSync(this.#path, join(this.#options.folder, `${this.#options.name}-${at}${this.#ending}`));
      this.#opening = true;
      this.#file.reopen();
      this.#bytes = 0;
      this.#sweep();
    } catch (error) {
      // The current file grows on; the next full size is the next try.
      this.#bytes = 0;
      this.#trouble((error as Error).message);
    }
  }

  /** Deletes files that were full before the time that they are kept for. */
  #sweep(): void {
    const { folder, name, retentionDays } = this.#options;
    if (retentionDays === 0) return;
    const isOld = (file: string): boolean =>
      file.startsWith(`${name}-`) &&
      file.endsWith(this.#ending) &&
      AGE.test(file.slice(name.length, file.length - this.#ending.length));
    const oldest = this.#now() - retentionDays * DAY;
    try {
      for (const file of readdirSync(folder).filter(isOld)) {
        const path = join(folder, file);
        if (statSync(path).mtimeMs < oldest) rmSync(path, { force: true });
      }
    } catch (error) {
      this.#trouble((error as Error).message);
    }
  }

  #trouble(reason: string): void {
    if (this.#troubled) return;
    this.#troubled = true;
    this.#options.onTrouble(
      `The log cannot be written to ${this.#path}: ${reason}. What does not fit into memory is lost.`,
    );
  }

  get #ending(): string {
    return this.#options.ending ?? ".log";
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }
}
