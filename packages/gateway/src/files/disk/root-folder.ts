import { constants, type BigIntStats } from "node:fs";
import { originalsOf } from "./copied-names.js";
import type { FileSystem, FolderEntry } from "./file-system.js";
import { isBelow, slashed } from "./real-path.js";
import type { SecretFiles } from "./secret-files.js";

/** A file that was opened and may be served. Its descriptor belongs to the caller. */
export interface OpenedFile {
  readonly fd: number;
  readonly stats: BigIntStats;
  /** Its path on the disk without links. */
  readonly realPath: string;
}

/** What is at a path: a file, a folder, or nothing that is served. */
export type Opening = OpenedFile | "folder" | "missing";

/** Errors of paths at which there is nothing to serve. ENXIO: a socket, or a device without a driver. */
const MISSING = new Set(["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG", "EINVAL", "ENXIO", "ENODEV", "ESTALE"]);

/** O_NONBLOCK: opening a pipe that somebody put in place of the file does not wait for its writer. */
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);

/** How often a file is opened that somebody deletes or replaces at the same time. */
const ATTEMPTS = 3;

/** Whether an error means that there is nothing at a path. */
export function isMissing(error: unknown): boolean {
  return MISSING.has((error as NodeJS.ErrnoException).code ?? "");
}

/**
 * The folder on the disk below which all served files are. Whether a file is inside is checked on its open descriptor,
 * so that nobody can replace a part of its path between the check and the use. Paths in it have one character for each
 * byte, and begin with a slash.
 */
export class RootFolder {
  readonly #fileSystem: FileSystem;
  readonly #followLinks: boolean;
  readonly #secrets: SecretFiles;
  readonly #directory: string;
  /** The path without symbolic links; empty until it is known. It changes when somebody replaces the folder. */
  #realPath = "";

  constructor(directory: string, followLinks: boolean, secrets: SecretFiles, fileSystem: FileSystem) {
    this.#directory = Buffer.from(directory).toString("latin1").replace(/\/+$/, "");
    this.#followLinks = followLinks;
    this.#secrets = secrets;
    this.#fileSystem = fileSystem;
  }

  /** The path on the disk of a path in the folder. */
  pathOf(path: string): Buffer {
    return Buffer.from(this.#directory + path, "latin1");
  }

  /** @throws Error with a system `code` unless it is that of a path without a file. */
  stat(path: string): Promise<BigIntStats | undefined> {
    return this.#statOf(this.pathOf(path));
  }

  async #statOf(path: Buffer): Promise<BigIntStats | undefined> {
    try {
      return await this.#fileSystem.stat(path);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /**
   * Opens a regular file in the folder.
   * @throws Error with a system `code` if there is a file that cannot be opened.
   */
  async open(path: string): Promise<Opening> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const opening = await this.#open(path);
      if (opening !== "deleted") return opening;
    }
    return "missing";
  }

  async #open(path: string): Promise<Opening | "deleted"> {
    const before = await this.stat(path);
    // A pipe or a device is not even opened, because that alone can have effects.
    if (before === undefined || !(before.isFile() || before.isDirectory())) return "missing";
    let fd;
    try {
      fd = await this.#fileSystem.open(this.pathOf(path), FLAGS);
    } catch (error) {
      if (isMissing(error)) return "missing";
      if ((error as NodeJS.ErrnoException).code === "EISDIR") return "folder";
      throw error;
    }
    try {
      const opening = await this.#check(fd, path);
      if (typeof opening === "string") this.#fileSystem.close(fd);
      return opening;
    } catch (error) {
      this.#fileSystem.close(fd);
      throw error;
    }
  }

  /**
   * The entries of a folder, `path` with its slash; undefined if there is no folder that visitors may see.
   * @throws Error with a system `code` if it cannot be read.
   */
  async list(path: string): Promise<FolderEntry[] | undefined> {
    const fileSystem = this.#fileSystem;
    const before = await this.stat(path);
    if (before?.isDirectory() !== true) return undefined;
    const fd = await fileSystem.open(this.pathOf(path), FLAGS);
    try {
      if ((await this.#check(fd, path)) !== "folder") return undefined;
      const entries: FolderEntry[] = [];
      // On Linux, a folder that was put in its place meanwhile is not read.
      const source = process.platform === "linux" ? `/proc/self/fd/${fd}/` : this.pathOf(path);
      await fileSystem.readFolder(source, (entry) => entries.push(entry));
      return entries;
    } finally {
      fileSystem.close(fd);
    }
  }

  /** What is known about an entry of a folder, `path` with its slash; undefined if visitors cannot get it. */
  async describe(path: string, { name, kind }: FolderEntry): Promise<BigIntStats | undefined> {
    try {
      const full = path + name;
      const stats = await this.stat(full);
      if (stats === undefined || !(stats.isFile() || stats.isDirectory())) return undefined;
      const isLink = kind === "link";
      const realPath = isLink ? slashed(await this.#fileSystem.realpath(this.pathOf(full))) : this.#realPath + full;
      if (!(await this.#contains(realPath)) || (await this.isSecret(full, realPath, stats))) return undefined;
      return stats;
    } catch {
      return undefined;
    }
  }

  async #check(fd: number, path: string): Promise<Opening | "deleted"> {
    const stats = await this.#fileSystem.fstat(fd);
    // Its path is no longer known, so nobody can tell whether it is secret.
    if (stats.nlink === 0n) return "deleted";
    if (!stats.isFile() && !stats.isDirectory()) return "missing";
    const realPath = await this.#realPathOf(fd, path, stats);
    if (realPath === undefined || !(await this.#contains(realPath))) return "missing";
    if (await this.isSecret(path, realPath, stats)) return "missing";
    return stats.isFile() ? { fd, stats, realPath } : "folder";
  }

  /** Whether a file is never served, or is a copy of such a file, to judge by its names. */
  async isSecret(path: string, realPath: string, stats: BigIntStats): Promise<boolean> {
    if (await this.#secrets.has(stats, realPath, this.#realPath)) return true;
    for (const original of new Set([...originalsOf(realPath), ...originalsOf(this.#directory + path)])) {
      const there = await this.#statOf(Buffer.from(original, "latin1"));
      if (await this.#secrets.has(there, original, this.#realPath)) return true;
    }
    return false;
  }

  /** The path of an open file without links. Undefined: its path leads to another file by now. */
  async #realPathOf(fd: number, path: string, { dev, ino }: BigIntStats): Promise<string | undefined> {
    if (process.platform === "linux") {
      try {
        return slashed(await this.#fileSystem.readlink(`/proc/self/fd/${fd}`));
      } catch {
        // Without /proc, the path is compared.
      }
    }
    const realPath = await this.#fileSystem.realpath(this.pathOf(path));
    const there = await this.#fileSystem.stat(realPath);
    return there.dev === dev && there.ino === ino ? slashed(realPath) : undefined;
  }

  /** Whether a path without links is in the folder, or may be outside. */
  async #contains(realPath: string): Promise<boolean> {
    if (this.#realPath !== "" && isBelow(realPath, this.#realPath)) return true;
    this.#realPath = slashed(await this.#fileSystem.realpath(this.pathOf("/")));
    return this.#followLinks || isBelow(realPath, this.#realPath);
  }
}
