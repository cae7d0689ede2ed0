import type { BigIntStats } from "node:fs";
import { DISK, type FileSystem } from "./file-system.js";
import { FoundConfigurations, isConfiguration, type NamedFiles } from "./found-configurations.js";
import { LinkedSecrets, type SecretFolder } from "./linked-secrets.js";
import { foldersOf, isBelow, realPathOf } from "./real-path.js";
import { SecretPlaces, type ReadMounts } from "./secret-places.js";

export interface SecretFilesOptions {
  /**
   * Absolute paths of files that are never served, and of folders of which nothing is served. They may appear, change
   * and disappear at any time.
   */
  readonly paths: readonly string[];
  /** Reads the configuration files in served folders; it never rejects. Default: there are none. */
  readonly namedFiles?: NamedFiles | undefined;
  /** Default: the disk of this machine. */
  readonly fileSystem?: FileSystem;
  /** Monotonic time in milliseconds. Default: `performance.now`. */
  readonly now?: () => number;
  /** Default: the mounts of this machine. */
  readonly readMounts?: ReadMounts;
}

/** How long it is not read again which files there are, in milliseconds. */
const FRESH = 1_000;

/**
 * Files that are never served, whatever name leads to them: those that the configuration of this process names, and
 * those of a configuration file in a served folder. Each is known by its device and inode, by its path, and by the
 * paths that other mounts give it. Files in secret folders are also known by their hard links.
 */
export class SecretFiles {
  /** Changes when other paths are secret. */
  version = 0;
  readonly #fileSystem: FileSystem;
  readonly #now: () => number;
  readonly #found: FoundConfigurations | undefined;
  #paths: readonly string[];
  /** `device:inode` of the files and folders that exist. */
  #identities = new Set<string>();
  /** Paths without links. */
  #realPaths = new Set<string>();
  readonly #places: SecretPlaces;
  readonly #linked: LinkedSecrets;
  #readAt = -Infinity;
  #reading: Promise<void> | undefined;
  /** The searches below served folders, one after the other. */
  #searches = Promise.resolve();

  constructor(options: SecretFilesOptions) {
    const { paths, namedFiles, fileSystem = DISK, now = (): number => performance.now(), readMounts } = options;
    this.#paths = paths;
    this.#fileSystem = fileSystem;
    this.#now = now;
    this.#places = new SecretPlaces(readMounts);
    this.#linked = new LinkedSecrets(fileSystem);
    this.#found = namedFiles === undefined ? undefined : new FoundConfigurations(fileSystem, namedFiles);
  }

  /** From now on these paths are secret. */
  replace(paths: readonly string[]): void {
    this.#paths = paths;
    this.#change();
  }

  /**
   * Looks for configurations in a served folder and below it, so that what they name is known before anybody asks.
   * @param isWanted the search ends early when it is not
   * @returns when it is done. It never rejects.
   */
  searchBelow(directory: string, isWanted: () => boolean): Promise<void> {
    const found = this.#found;
    if (found === undefined) return this.#searches;
    this.#searches = this.#searches.then(async () => {
      const top = await realPathOf(directory, this.#fileSystem);
      await found.searchBelow(top.replace(/\/$/, ""), isWanted, () => this.#change());
    });
    return this.#searches;
  }

  /**
   * Whether a file, or a folder above it, is secret.
   * @param stats undefined for a file that does not exist, but may have existed
   * @param realPath its path without links
   * @param root the root in which it was found, without links
   */
  async has(stats: BigIntStats | undefined, realPath: string, root: string): Promise<boolean> {
    const now = this.#now();
    if (this.#found !== undefined) {
      const folder = realPath.slice(0, realPath.lastIndexOf("/"));
      const folders = isBelow(folder, root) ? foldersOf(folder, root) : [folder];
      if (await this.#found.search(folders, now, now + FRESH)) this.#change();
    }
    while (now - this.#readAt >= FRESH) {
      this.#reading ??= this.#read().finally(() => (this.#reading = undefined));
      await this.#reading;
    }
    if (stats === undefined) {
      if (this.#found !== undefined && isConfiguration(realPath)) return true;
    } else if (this.#identities.has(`${stats.dev}:${stats.ino}`)) return true;
    if (foldersOf(realPath, "").some((path) => this.#realPaths.has(path)) || this.#places.has(realPath)) return true;
    return stats !== undefined && this.#linked.has(stats);
  }

  #change(): void {
    this.#readAt = -Infinity;
    this.version++;
  }

  async #read(): Promise<void> {
    const { version } = this;
    const identities = new Set<string>();
    const realPaths = new Set<string>();
    const folders: SecretFolder[] = [];
    for (const path of [...this.#paths, ...(this.#found?.paths ?? [])]) {
      const realPath = await realPathOf(path, this.#fileSystem);
      realPaths.add(realPath);
      try {
        const stats = await this.#fileSystem.stat(path);
        identities.add(`${stats.dev}:${stats.ino}`);
        if (stats.isDirectory()) folders.push({ realPath, dev: stats.dev });
      } catch {
        // There is nothing at the path by now.
      }
    }
    this.#identities = identities;
    this.#realPaths = realPaths;
    this.#linked.replace(folders);
    await this.#places.replace(realPaths);
    if (version === this.version) this.#readAt = this.#now();
  }
}
