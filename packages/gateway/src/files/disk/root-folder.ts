import type { BigIntStats } from "node:fs";
import { originalsOf } from "./copied-names.js";
import { stampOf, type FileStats } from "./file-stamp.js";
import type { FolderEntry } from "./file-system.js";
import type { LookedUp, LookUpOwner, LookUpReceiver } from "./look-up-thread.js";
import { isMissing, openEntry, type NoEntry } from "./open-entry.js";
import type { PacedDisk } from "./paced-disk.js";
import { RealFolders } from "./real-folders.js";
import { isBelow, slashed } from "./real-path.js";
import type { SecretFiles } from "./secret-files.js";
import type { Piece, Slabs } from "./slabs.js";

/** A file that was opened and may be served. It belongs to the caller: its descriptor, or its content. */
export interface OpenedFile {
  /** Closed if there is a `piece`. */
  readonly fd: number;
  readonly stats: FileStats;
  /** Its path on the disk without links. */
  readonly realPath: string;
  /** Its whole content, if that was read already. */
  readonly piece?: Piece;
}

/** What is at a path: a file, a folder, or nothing that is served. */
export type Opening = OpenedFile | "folder" | "missing";

/** A file that was found at a path. */
export interface FoundBefore {
  readonly stamp: string;
  readonly realPath: string;
}

export interface RootFolderOptions {
  readonly followLinks: boolean;
  readonly secrets: SecretFiles;
  /** Memory for the contents of files. */
  readonly slabs: Slabs;
  /** Monotonic time in milliseconds. */
  readonly now: () => number;
}

/** How long it is not read again where the folder is, in milliseconds. */
const FRESH = 1_000;

/** How long a disk counts as slow after two look-ups in this time that took long, in milliseconds. */
const SLOW = 1_000;

/** How often a file is opened that somebody deletes or replaces at the same time. */
const ATTEMPTS = 3;

/**
 * The folder on the disk below which all served files are. Whether a file is inside is checked on its open descriptor,
 * so that nobody can replace a part of its path between the check and the use. Paths in it have one character for each
 * byte, and begin with a slash.
 */
export class RootFolder implements LookUpOwner {
  readonly slabs: Slabs;
  readonly #disk: PacedDisk;
  readonly #followLinks: boolean;
  readonly #secrets: SecretFiles;
  readonly #directory: string;
  readonly #realFolders: RealFolders;
  readonly #now: () => number;
  #slowUntil = -Infinity;
  /** When a look-up took long last. */
  #slowAt = -Infinity;
  /** The path without symbolic links; empty until it is known. It changes when somebody replaces the folder. */
  #realPath = "";
  /** Until when it is not read again. */
  #realUntil = -Infinity;

  constructor(disk: PacedDisk, { followLinks, secrets, slabs, now }: RootFolderOptions) {
    this.#disk = disk;
    this.#directory = disk.directory;
    this.#followLinks = followLinks;
    this.#secrets = secrets;
    this.slabs = slabs;
    this.#now = now;
    const pathOf = (path: string): Buffer => this.pathOf(path);
    const rootPath = (): Promise<string> => this.#currentPath();
    this.#realFolders = new RealFolders({ pathOf, rootPath, disk, followLinks, now });
  }

  get isSlow(): boolean {
    return this.#now() < this.#slowUntil;
  }

  onSlow(): void {
    const now = this.#now();
    // The first one may have waited for a processor.
    if (now < this.#slowAt + SLOW) this.#slowUntil = now + SLOW;
    this.#slowAt = now;
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
      return await this.#disk.stat(path);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /**
   * Begins to open and read a small file without a wait for each call. Its result is for `accept`.
   * @param known the stamp of the file that was there before
   * @returns false if `open` has to do it
   */
  beginLookUp(path: string, known: string | undefined, receiver: LookUpReceiver): boolean {
    if (this.#now() >= this.#realUntil || this.#realPath === "") return false;
    return this.#disk.beginLookUp({ path: this.#directory + path, within: this.#within, known }, this, receiver);
  }

  /**
   * What `beginLookUp` has found at a path: a file with its content, or the file that was there before. Later, if the
   * disk has to be asked whether it is secret.
   * @returns undefined if there is a doubt about it: `open` has to do it
   */
  accept(path: string, found: LookedUp | NoEntry | undefined): LookedUp | Promise<LookedUp | undefined> | undefined {
    if (typeof found !== "object" || found.kind === "folder") return undefined;
    const isComplete = found.piece !== undefined || found.isKnown === true;
    // Otherwise the folder itself may have been replaced.
    if (isComplete && isBelow(found.realPath, this.#realPath))
      return this.#isKnownPublic(path, found) ? found : this.#unlessSecret(path, found);
    if (found.isKnown !== true) this.giveBack(found);
    return undefined;
  }

  /** It does not reject: after an error of the disk, `open` reports it. */
  async #unlessSecret(path: string, found: LookedUp): Promise<LookedUp | undefined> {
    const isSecret = await this.isSecret(path, found.realPath, found.stats).catch(() => true);
    if (!isSecret) return found;
    if (found.isKnown !== true) this.giveBack(found);
    return undefined;
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
    const entry = await this.#inside((within) => this.#disk.lookUp({ path: this.#directory + path, within }, this));
    if (typeof entry === "string") return entry;
    let isServed = false;
    try {
      if (await this.isSecret(path, entry.realPath, entry.stats)) return "missing";
      if (entry.kind === "folder") return "folder";
      isServed = true;
      return entry;
    } finally {
      if (!isServed && entry.kind === "file") this.giveBack(entry);
    }
  }

  /** Whether a path still leads to a file that was found there, and the file has not changed and is no secret. */
  async leadsTo(path: string, { stamp, realPath }: FoundBefore): Promise<boolean> {
    await this.#currentPath();
    const request = { path: this.#directory + path, within: this.#within, known: stamp };
    const found = await this.#disk.lookUpAtOnce(request, this);
    let stats;
    if (found === undefined) {
      stats = await this.stat(path);
      if (stats === undefined || stampOf(stats) !== stamp) return false;
      if (!(await this.#realFolders.stillLeadsTo(path, realPath))) return false;
    } else {
      if (typeof found === "string") return false;
      ({ stats } = found);
      if (found.isKnown !== true && found.kind === "file") this.giveBack(found);
      if (found.isKnown !== true || found.realPath !== realPath) return false;
    }
    return !(await this.isSecret(path, realPath, stats));
  }

  /** Closes a file, or frees its content. */
  giveBack({ fd, piece }: OpenedFile): void {
    if (piece === undefined) this.#disk.close(fd);
    else this.slabs.give(piece, true);
  }

  /** Looks for something that must be in the folder, unless links may lead out of it. */
  async #inside<Entry extends { readonly realPath: string }>(
    look: (within: string | undefined) => Promise<Entry | NoEntry>,
  ): Promise<Entry | Exclude<NoEntry, "outside">> {
    const before = await this.#currentPath();
    const entry = await look(this.#within);
    if (typeof entry === "object") {
      if (this.#followLinks && !isBelow(entry.realPath, before)) await this.#findRealPath();
      return entry;
    }
    if (entry !== "outside") return entry;
    // The folder itself may have been replaced.
    await this.#findRealPath();
    const again = this.#realPath === before ? entry : await look(this.#realPath);
    return again === "outside" ? "missing" : again;
  }

  /** Where a file must be; undefined: anywhere. */
  get #within(): string | undefined {
    return this.#followLinks ? undefined : this.#realPath;
  }

  /** The path without links as it was at most a second ago. */
  async #currentPath(): Promise<string> {
    const now = this.#now();
    if (this.#realPath === "" || now >= this.#realUntil) {
      this.#realUntil = now + FRESH;
      await this.#findRealPath();
    }
    return this.#realPath;
  }

  async #findRealPath(): Promise<void> {
    this.#realPath = slashed(await this.#disk.realpath(this.pathOf("/")));
    this.#disk.realPath = this.#realPath;
  }

  /**
   * The entries of a folder, `path` with its slash; undefined if there is no folder that visitors may see.
   * @param most more entries are left out
   * @throws Error with a system `code` if it cannot be read.
   */
  async list(path: string, most: number): Promise<FolderEntry[] | undefined> {
    const disk = this.#disk;
    const entry = await this.#inside((within) => openEntry(disk, this.#directory + path, within));
    if (typeof entry === "string") return undefined;
    const { kind, fd, realPath, stats } = entry;
    try {
      if (kind !== "folder" || (await this.isSecret(path, realPath, stats))) return undefined;
      const entries: FolderEntry[] = [];
      // On Linux, a folder that was put in its place meanwhile is not read.
      const source = process.platform === "linux" ? `/proc/self/fd/${fd}/` : this.pathOf(path);
      await disk.readFolder(source, (each) => entries.length < most && entries.push(each));
      return entries;
    } finally {
      disk.close(fd);
    }
  }

  /** What is known about an entry of a folder, `path` with its slash; undefined if visitors cannot get it. */
  async describe(path: string, { name, kind }: FolderEntry): Promise<BigIntStats | undefined> {
    try {
      const full = path + name;
      const stats = await this.stat(full);
      if (stats === undefined || !(stats.isFile() || stats.isDirectory())) return undefined;
      const isLink = kind === "link";
      const realPath = isLink ? slashed(await this.#disk.realpath(this.pathOf(full))) : this.#realPath + full;
      if (!(await this.#contains(realPath)) || (await this.isSecret(full, realPath, stats))) return undefined;
      return stats;
    } catch {
      return undefined;
    }
  }

  /** Whether a file is never served, or is a copy of such a file, to judge by its names. */
  async isSecret(path: string, realPath: string, stats: FileStats): Promise<boolean> {
    if (await this.#secrets.has(stats, realPath, this.#realPath)) return true;
    const asked = this.#directory + path;
    const originals = originalsOf(realPath);
    for (const original of realPath === asked ? originals : new Set([...originals, ...originalsOf(asked)])) {
      const there = await this.#statOf(Buffer.from(original, "latin1"));
      if (await this.#secrets.has(there, original, this.#realPath)) return true;
    }
    return false;
  }

  /** As `isSecret`. @returns false if that is not known without calls to the disk */
  #isKnownPublic(path: string, { realPath, stats }: OpenedFile): boolean {
    if (originalsOf(realPath).length > 0 || originalsOf(path).length > 0) return false;
    return this.#secrets.isKnownPublic(stats, realPath, this.#realPath);
  }

  /** Whether a path without links is in the folder, or may be outside. */
  async #contains(realPath: string): Promise<boolean> {
    if (isBelow(realPath, await this.#currentPath())) return true;
    await this.#findRealPath();
    return this.#followLinks || isBelow(realPath, this.#realPath);
  }
}
