import type { BigIntStats } from "node:fs";
import { keepNewest } from "@postern/net";
import { FoundConfigurations, isConfiguration, type NamedFiles } from "./found-configurations.js";
import { LinkedSecrets, type LinkedFile, type SecretFolder } from "./linked-secrets.js";
import type { PacedDisk } from "./paced-disk.js";
import { foldersOf, realPathOf, slashed } from "./real-path.js";
import { SecretPlaces, type ReadMounts } from "./secret-places.js";
import { SharedDisk } from "./shared-disk.js";

export interface SecretFilesOptions {
  /**
   * Absolute paths of files that are never served, and of folders of which nothing is served. They may appear, change
   * and disappear at any time.
   */
  readonly paths: readonly string[];
  /** Reads the configuration files in served folders; it never rejects. Default: there are none. */
  readonly namedFiles?: NamedFiles | undefined;
  /** That of the folders. Default: the disk of this machine. */
  readonly disk?: SharedDisk;
  /** Monotonic time in milliseconds. Default: `performance.now`. */
  readonly now?: () => number;
  /** How long a disk that does not respond is waited for, in milliseconds. Default: 5,000. */
  readonly patience?: number;
  /** Default: the mounts of this machine. */
  readonly readMounts?: ReadMounts;
}

/** What is known about a secret path. */
interface Secret {
  /** Undefined if there is nothing. */
  readonly stats: BigIntStats | undefined;
  /** The path without links. */
  readonly realPath: string;
}

const MONOTONIC = (): number => performance.now();
/** Then look-ups go on without the secrets on a disk that does not respond. No file on it can be read either. */
const PATIENCE = 5_000;
/** How long it is not read again which files there are, in milliseconds. */
const FRESH = 1_000;
/** Folders of which it is known whether they are secret. */
const MOST_FOLDERS = 1_000;

/**
 * Files that are never served, whatever name leads to them: those that the configuration of this process names, and
 * those of a configuration file in a served folder. Each is known by its device and inode, by its path, and by the
 * paths that other mounts give it. Files in secret folders are also known by their hard links.
 */
export class SecretFiles {
  /** Changes when other paths are secret. */
  version = 0;
  readonly #disk: SharedDisk;
  readonly #now: () => number;
  readonly #found: FoundConfigurations | undefined;
  #paths: readonly string[];
  /** `device:inode` of the files and folders that exist. */
  #identities = new Set<string>();
  /** Paths without links. */
  #realPaths = new Set<string>();
  /** Whether a folder, or one above it, is among them. */
  readonly #folders = new Map<string, boolean>();
  readonly #places: SecretPlaces;
  readonly #linked: LinkedSecrets;
  #readAt = -Infinity;
  #reading: Promise<void> | undefined;
  readonly #patience: number;
  /** By path. A path whose disk does not respond keeps what was known. */
  readonly #known = new Map<string, Secret>();
  /** Paths that are being read. */
  readonly #pending = new Set<string>();

  constructor(options: SecretFilesOptions) {
    const { paths, namedFiles, disk = new SharedDisk(), now = MONOTONIC, patience = PATIENCE, readMounts } = options;
    this.#patience = patience;
    this.#paths = paths;
    this.#disk = disk;
    this.#now = now;
    this.#places = new SecretPlaces(readMounts);
    this.#linked = new LinkedSecrets(disk);
    this.#found = namedFiles === undefined ? undefined : new FoundConfigurations(disk, namedFiles);
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
  async searchBelow(directory: string, isWanted: () => boolean): Promise<void> {
    const found = this.#found;
    if (found === undefined) return;
    const top = await realPathOf(directory, this.#diskOf(directory));
    await found.searchBelow(top.replace(/\/$/, ""), isWanted, () => this.#change());
  }

  /**
   * Whether a file, or a folder above it, is secret.
   * @param stats undefined for a file that does not exist, but may have existed
   * @param realPath its path without links
   * @param root the root in which it was found, without links
   */
  async has(stats: LinkedFile | undefined, realPath: string, root: string): Promise<boolean> {
    const now = this.#now();
    const folder = realPath.slice(0, realPath.lastIndexOf("/"));
    if (this.#found !== undefined && !this.#found.isFresh(folder, root, now)) {
      if (await this.#found.search(folder, root, this.#now)) this.#change();
    }
    while (now - this.#readAt >= FRESH) {
      this.#reading ??= this.#read().finally(() => (this.#reading = undefined));
      await this.#reading;
    }
    return this.#isNamed(stats, realPath, folder) || (stats !== undefined && this.#linked.has(stats));
  }

  /** As `has`. @returns false if that is not known without calls to the disk */
  isKnownPublic(stats: LinkedFile, realPath: string, root: string): boolean {
    const now = this.#now();
    const folder = realPath.slice(0, realPath.lastIndexOf("/"));
    if (now - this.#readAt >= FRESH || this.#found?.isFresh(folder, root, now) === false) return false;
    return !this.#isNamed(stats, realPath, folder) && !this.#linked.mayHave(stats);
  }

  /** Whether a file, or a folder above it, is secret by its identity or by a path. */
  #isNamed(stats: LinkedFile | undefined, realPath: string, folder: string): boolean {
    if (stats === undefined) {
      if (this.#found !== undefined && isConfiguration(realPath)) return true;
    } else if (this.#identities.has(`${stats.dev}:${stats.ino}`)) return true;
    return this.#realPaths.has(realPath) || this.#isSecretFolder(folder) || this.#places.has(realPath);
  }

  #isSecretFolder(folder: string): boolean {
    let isSecret = this.#folders.get(folder);
    if (isSecret === undefined) {
      isSecret = foldersOf(folder, "").some((path) => this.#realPaths.has(path));
      this.#folders.set(folder, isSecret);
      keepNewest(this.#folders, MOST_FOLDERS);
    }
    return isSecret;
  }

  #change(): void {
    this.#readAt = -Infinity;
    this.version++;
  }

  #diskOf(path: string): PacedDisk {
    return this.#disk.of(slashed(Buffer.from(path)));
  }

  async #read(): Promise<void> {
    const { version } = this;
    const paths = new Set([...this.#paths, ...(this.#found?.paths ?? [])]);
    for (const path of this.#known.keys()) if (!paths.has(path)) this.#known.delete(path);
    const reads: Promise<void>[] = [];
    for (const path of paths) if (!this.#pending.has(path)) reads.push(this.#readOne(path));
    let timer;
    const isLate = new Promise((resolve) => {
      timer = setTimeout(resolve, this.#patience);
    });
    await Promise.race([Promise.all(reads), isLate]);
    clearTimeout(timer);
    await this.#use([...this.#known.values()]);
    if (version === this.version) this.#readAt = this.#now();
  }

  async #use(secrets: readonly Secret[]): Promise<void> {
    const identities = new Set<string>();
    const folders: SecretFolder[] = [];
    for (const { stats, realPath } of secrets) {
      if (stats === undefined) continue;
      identities.add(`${stats.dev}:${stats.ino}`);
      if (stats.isDirectory()) folders.push({ realPath, dev: stats.dev });
    }
    this.#identities = identities;
    this.#folders.clear();
    this.#realPaths = new Set(secrets.map(({ realPath }) => realPath));
    this.#linked.replace(folders);
    await this.#places.replace(this.#realPaths);
  }

  async #readOne(path: string): Promise<void> {
    const disk = this.#diskOf(path);
    const known = this.#known.get(path);
    if (known === undefined) this.#known.set(path, { stats: undefined, realPath: slashed(Buffer.from(path)) });
    this.#pending.add(path);
    const realPath = await realPathOf(path, disk);
    // If that fails, there is nothing at the path by now.
    const stats = await disk.stat(path).catch(() => undefined);
    this.#pending.delete(path);
    if (this.#known.has(path)) this.#known.set(path, { stats, realPath });
  }
}
