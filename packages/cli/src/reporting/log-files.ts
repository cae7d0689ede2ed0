import { accessSync, constants, fstatSync, lstatSync, readdirSync, renameSync, rmSync, stat } from "node:fs";
import { join } from "node:path";
import sonicBoom, { type SonicBoom } from "sonic-boom";
import { CliError } from "../errors.js";
import { makeFolder } from "../settings/make-folder.js";
import { checkLogFile, folderMode, folderWarning, openLogFile } from "./log-file.js";

/** Bytes that may wait for a slow disk. Further lines are dropped. */
const MAX_BUFFERED = 4 * 1024 * 1024;
const DAY = 86_400_000;
/** Milliseconds between two attempts to write while the buffer is full. */
const RETRY_INTERVAL = 1_000;
const NOTHING = Buffer.alloc(0);
/** The timestamp between the name of a rotated file and its ending. */
const TIMESTAMP = /^-\d{4}-\d\d-\d\dT[\d-]+Z$/;
/** Milliseconds to write the last lines. */
const CLOSE_TIMEOUT = 2_000;
/** Milliseconds between two looks at whether another program has moved the file. */
const LOOK_INTERVAL = 1_000;

export interface LogFilesOptions {
  folder: string;
  /** The name of the current file, without its ending. */
  name: string;
  /** Default `.log`. */
  ending?: string;
  /** The permissions of the files. Default: 0600. */
  mode?: number;
  /** The size in bytes at which the file is rotated. */
  maxBytes: number;
  /** Days after which a rotated file is deleted. 0: never. */
  retentionDays: number;
  /** The advice when the file cannot be opened. */
  fix?: string;
  /**
   * Called when lines cannot be written, for instance because the disk is full; again only after a successful write.
   */
  onFailure: (message: string) => void;
  /** Called with the lines that did not fit into the buffer. */
  onDropped?: (text: string) => void;
  now?: () => number;
}

/**
 * A rotated log: a full `name.log` is renamed to `name-2026-11-23T08-15-00-000Z.log`. Another program may rotate it as
 * well: if the file has been moved, lines go to a new one, and if it has been cut off, they follow its new end. A
 * failing or slow disk loses lines, but does not block or end the program.
 */
export class LogFiles {
  /** Set when other users can replace the files. */
  readonly warning: string | undefined;
  readonly #options: LogFilesOptions;
  readonly #path: string;
  readonly #sweeper: NodeJS.Timeout;
  readonly #looker: NodeJS.Timeout;
  #file: SonicBoom;
  #descriptor = -1;
  #inode = 0;
  /** Of the file, with the lines that wait. */
  #bytes = 0;
  /** Of the file alone. */
  #written = 0;
  #isFailing = false;
  #retriedAt = -Infinity;
  /** Whether lines were written since the last look. */
  #isUsed = false;
  /** Whether the file was moved, and no new one could be opened. */
  #isLost = false;
  #isClosed = false;
  /** The previous file while its last lines are written. Only one, so that a slow disk leaves at most two buffers. */
  #previous: SonicBoom | undefined;

  /** Throws PN_LOG_UNWRITABLE when the file cannot be opened. */
  constructor(options: LogFilesOptions) {
    this.#options = options;
    this.#path = pathOf(options);
    try {
      makeFolder(options.folder, folderMode(this.#mode));
      accessSync(options.folder, constants.W_OK);
      this.warning = folderWarning(options.folder);
      this.#file = this.#open();
    } catch (error) {
      throw unwritable(options, error);
    }
    this.#sweep();
    this.#sweeper = setInterval(() => this.#sweep(), DAY).unref();
    this.#looker = setInterval(() => this.#look(), LOOK_INTERVAL).unref();
  }

  /** Checks whether the files can be written, without creating any. Throws PN_LOG_UNWRITABLE. Returns a warning. */
  static check(options: Omit<LogFilesOptions, "onFailure">): string | undefined {
    try {
      checkLogFile(pathOf(options));
      return folderWarning(options.folder);
    } catch (error) {
      throw unwritable(options, error);
    }
  }

  /** Writes a line, which may contain more. */
  line(text: string): void {
    this.lines(`${text}\n`);
  }

  /** Writes whole lines, each with its end. */
  lines(text: string): void {
    const bytes = Buffer.from(text);
    const size = bytes.length;
    if (this.#bytes > 0 && this.#bytes + size > this.#options.maxBytes && this.#previous === undefined) {
      this.#forgetCutOff();
      if (this.#bytes + size > this.#options.maxBytes) this.#rotate();
    }
    this.#bytes += size;
    this.#isUsed = true;
    this.#file.write(bytes as unknown as string);
  }

  /** Goes on in a new file if the present one has another path or none. */
  reopen(): void {
    this.#isLost = false;
    this.#reopen();
  }

  /** Resolves when everything is written, or after two seconds. Nothing may be written afterwards. */
  close(): Promise<void> {
    clearInterval(this.#sweeper);
    clearInterval(this.#looker);
    this.#isClosed = true;
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, CLOSE_TIMEOUT);
      const end = (): void => {
        this.#file.once("close", () => {
          clearTimeout(timer);
          resolve();
        });
        this.#file.end();
      };
      if (this.#previous === undefined) end();
      else this.#previous.once("close", end);
    });
  }

  #open(): SonicBoom {
    const { descriptor, size, inode } = openLogFile(this.#path, this.#mode);
    this.#bytes = this.#written = size;
    this.#descriptor = descriptor;
    this.#inode = inode;
    const file = new sonicBoom.SonicBoom({ fd: descriptor, maxLength: MAX_BUFFERED, contentMode: "buffer" });
    file.on("error", (error) => {
      this.#reportFailure(error.message);
      // Nothing writes to the previous file again, so nothing else would close it.
      if (file === this.#previous) file.destroy();
    });
    file.on("drop", (dropped: Uint8Array | string) => {
      this.#bytes -= dropped.length;
      this.#options.onDropped?.(Buffer.from(dropped).toString());
      this.#reportFailure("the disk is too slow");
      this.#retry(file);
    });
    file.on("write", (bytes) => {
      this.#isFailing = false;
      if (file === this.#file) this.#written += bytes;
    });
    return file;
  }

  /** After an error, sonic-boom writes again only when it accepts something. While its buffer is full, it does not. */
  #retry(file: SonicBoom): void {
    const now = performance.now();
    if (now - this.#retriedAt < RETRY_INTERVAL) return;
    this.#retriedAt = now;
    file.write(NOTHING as unknown as string);
  }

  /** Looks whether the path still leads to the file. This does not wait for the disk. */
  #look(): void {
    if (!this.#isUsed || this.#isLost) return;
    this.#isUsed = false;
    stat(this.#path, (error, found) => {
      const isMoved = error === null ? found.ino !== this.#inode : error.code === "ENOENT";
      if (isMoved) this.#reopen();
    });
  }

  #reopen(): void {
    if (this.#previous !== undefined || this.#isClosed) return;
    try {
      // A rotation of our own may have come first.
      if (lstatSync(this.#path, { throwIfNoEntry: false })?.ino !== this.#inode) this.#replace();
    } catch (error) {
      this.#isLost = true;
      this.#reportFailure((error as Error).message);
    }
  }

  /** The size of a file that another program has cut off is smaller than what was written to it. */
  #forgetCutOff(): void {
    const { size } = fstatSync(this.#descriptor);
    if (size >= this.#written) return;
    this.#bytes -= this.#written - size;
    this.#written = size;
  }

  /** Opens a new file. The present one gets the lines that wait, and is closed. */
  #replace(): void {
    const former = this.#file;
    this.#file = this.#open();
    this.#previous = former.once("close", () => (this.#previous = undefined));
    former.end();
  }

  #rotate(): void {
    const at = new Date(this.#now()).toISOString().replaceAll(/[:.]/g, "-");
    try {
      renameSync(this.#path, join(this.#options.folder, `${this.#options.name}-${at}${this.#ending}`));
      this.#replace();
      this.#sweep();
    } catch (error) {
      // Keep the current file, and try again after another `maxBytes`.
      this.#bytes = 0;
      this.#reportFailure((error as Error).message);
    }
  }

  /** Deletes rotated files that are older than the retention time. */
  #sweep(): void {
    const { folder, name, retentionDays } = this.#options;
    if (retentionDays === 0) return;
    const isOld = (file: string): boolean =>
      file.startsWith(`${name}-`) &&
      file.endsWith(this.#ending) &&
      TIMESTAMP.test(file.slice(name.length, file.length - this.#ending.length));
    const oldest = this.#now() - retentionDays * DAY;
    try {
      for (const file of readdirSync(folder).filter(isOld)) {
        const path = join(folder, file);
        if (lstatSync(path).mtimeMs < oldest) rmSync(path, { force: true });
      }
    } catch (error) {
      this.#reportFailure((error as Error).message);
    }
  }

  #reportFailure(reason: string): void {
    if (this.#isFailing) return;
    this.#isFailing = true;
    this.#options.onFailure(
      `Cannot write the log ${this.#path}: ${reason}. Lines that do not fit into the buffer are lost.`,
    );
  }

  get #ending(): string {
    return this.#options.ending ?? ".log";
  }

  get #mode(): number {
    return this.#options.mode ?? 0o600;
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }
}

function pathOf({ folder, name, ending = ".log" }: Pick<LogFilesOptions, "folder" | "name" | "ending">): string {
  return join(folder, `${name}${ending}`);
}

function unwritable({ folder, fix }: Pick<LogFilesOptions, "folder" | "fix">, error: unknown): CliError {
  return new CliError(
    "PN_LOG_UNWRITABLE",
    `Log files cannot be written to ${folder}: ${(error as Error).message}.`,
    fix ?? "Choose another logs_directory in [logging], or set file_logging = false.",
  );
}
