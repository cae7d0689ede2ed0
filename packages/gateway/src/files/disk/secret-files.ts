import type { BigIntStats } from "node:fs";
import { DISK, type FileSystem } from "./file-system.js";

export interface SecretFilesOptions {
  /**
   * Absolute paths of files that are never served, and of folders of which nothing is served. They may appear, change
   * and disappear at any time.
   */
  readonly paths: readonly string[];
  /** The paths that a configuration file names; it never throws. Default: none. */
  readonly namedFiles?: (path: string) => Promise<readonly string[]>;
  /** Default: the disk of this machine. */
  readonly fileSystem?: FileSystem;
  /** Monotonic time in milliseconds. Default: `performance.now`. */
  readonly now?: () => number;
}

/** How long the identities of files are used before they are read again, in milliseconds. */
const FRESH = 1_000;

/**
 * Files that are never served, whatever name leads to them: each is known by its device and inode, and by its path
 * while it does not exist.
 */
export class SecretFiles {
  readonly #fileSystem: FileSystem;
  readonly #now: () => number;
  #paths: readonly string[];
  /** `device:inode` of the files and folders that exist. */
  #identities = new Set<string>();
  /** Paths without links. */
  #realPaths = new Set<string>();
  #readAt = -Infinity;
  #reading: Promise<void> | undefined;
  /** Changes when the paths change. */
  version = 0;

  constructor({ paths, fileSystem = DISK, now = () => performance.now() }: SecretFilesOptions) {
    this.#paths = paths;
    this.#fileSystem = fileSystem;
    this.#now = now;
  }

  /** From now on these paths are secret. */
  replace(paths: readonly string[]): void {
    this.#paths = paths;
    this.#readAt = -Infinity;
    this.version++;
  }

  /** Whether a file, or a folder above it, is secret. @param realPath its path without links */
  async has({ dev, ino }: BigIntStats, realPath: string): Promise<boolean> {
    if (this.#paths.length === 0) return false;
    if (this.#now() - this.#readAt >= FRESH) await (this.#reading ??= this.#read());
    if (this.#identities.has(`${dev}:${ino}`)) return true;
    for (let end = realPath.length; end > 0; end = realPath.lastIndexOf("/", end - 1)) {
      if (this.#realPaths.has(realPath.slice(0, end))) return true;
    }
    return false;
  }

  async #read(): Promise<void> {
    const paths = this.#paths;
    const identities = new Set<string>();
    const realPaths = new Set<string>();
    for (const path of paths) {
      realPaths.add(Buffer.from(path).toString("latin1"));
      try {
        const { dev, ino } = await this.#fileSystem.stat(path);
        identities.add(`${dev}:${ino}`);
        realPaths.add((await this.#fileSystem.realpath(path)).toString("latin1"));
      } catch {
        // It does not exist, or nobody may read it.
      }
    }
    this.#identities = identities;
    this.#realPaths = realPaths;
    this.#reading = undefined;
    if (paths === this.#paths) this.#readAt = this.#now();
  }
}
