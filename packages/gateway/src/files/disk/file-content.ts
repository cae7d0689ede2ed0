import { Linked } from "@postern/net";
import { changedOf, changeOf, identityOf, modifiedOf, stampOf, type FileStats } from "./file-stamp.js";
import type { OnRead } from "./file-system.js";
import type { PacedDisk } from "./paced-disk.js";
import type { OpenedFile } from "./root-folder.js";
import type { Piece, Slabs } from "./slabs.js";

/** Refers to contents that are in the cache. */
export interface ContentOwner {
  /** The cache has no room for `content` any more. */
  forget(content: FileContent): void;
}

/** Where the bytes of a content in memory are, and whom to give them back to. */
export interface ContentMemory {
  readonly piece: Piece;
  readonly slabs: Slabs;
}

/**
 * One version of a file: its bytes, or an open descriptor of a file that is too large for memory. Both are
 * given back when the content is neither in the cache nor in use.
 */
export class FileContent extends Linked<FileContent> {
  readonly owner: ContentOwner;
  /** The path in its root. */
  readonly path: string;
  readonly size: number;
  /** When the file was modified, in milliseconds since 1970. */
  readonly modified: number;
  /** When the file was changed, in milliseconds since 1970. */
  readonly changed: number;
  /** Changes whenever the file changes, unless it was young. */
  readonly stamp: string;
  /** Its path on the disk without links. */
  readonly realPath: string;
  /** Undefined: they are read from the descriptor. */
  readonly bytes: Buffer | undefined;
  /** Undefined if the content is in memory. */
  readonly #stats: FileStats | undefined;
  readonly #memory: ContentMemory | undefined;
  readonly #fd: number;
  readonly #fileSystem: PacedDisk;
  #users = 0;
  #isFree = true;
  /** Whether it was seen smaller. */
  hasGrown = false;
  /** Whether it has no `bytes`, and may be growing, such as a log. */
  mayGrow = false;
  /** Whether a response has noticed that the file changed. */
  #isStale = false;
  /** Whether it is no longer in the cache. */
  isDropped = false;

  constructor(
    owner: ContentOwner,
    path: string,
    { fd, stats, realPath }: OpenedFile,
    memory: ContentMemory | undefined,
    fileSystem: PacedDisk,
  ) {
    super();
    this.owner = owner;
    this.path = path;
    this.size = Number(stats.size);
    this.modified = modifiedOf(stats);
    this.changed = changedOf(stats);
    this.stamp = stampOf(stats);
    this.realPath = realPath;
    this.bytes = memory?.piece.bytes;
    this.#memory = memory;
    this.#stats = memory === undefined ? stats : undefined;
    this.#fd = fd;
    this.#fileSystem = fileSystem;
  }

  /** Whether it is in the cache, and as far as is known the content of the file. */
  get isCurrent(): boolean {
    return !this.isDropped && !this.#isStale;
  }

  /** A response uses it from now on, until `release`. @returns false if it was given back. */
  use(): boolean {
    if (this.isDropped && this.#users === 0) return false;
    this.#users++;
    return true;
  }

  /** @param isSent whether no connection refers to its bytes any more */
  release(isSent: boolean): void {
    this.#users--;
    this.#isFree &&= isSent;
    this.#giveBackIfUnused();
  }

  /** It is in use from now on, until `release`, and never in the cache. */
  pass(): void {
    this.isDropped = true;
    this.#users++;
  }

  /** It is in the cache from now on, until `drop`. */
  keep(): void {
    this.#memory?.slabs.keep(this.#memory.piece);
  }

  /** It is no longer in the cache. */
  drop(): void {
    this.isDropped = true;
    this.#memory?.slabs.leave(this.#memory.piece);
    this.#giveBackIfUnused();
  }

  /**
   * Reads up to `length` bytes at `position`, or what the room is for, while it is in use and has no `bytes`.
   * @param takeRoom as for PacedDisk
   */
  read(takeRoom: () => Buffer | undefined, length: number, position: number, done: OnRead): void {
    this.#fileSystem.readInTurn(this.#fd, takeRoom, length, position, done);
  }

  /** What happened to the file since it was opened, while it is in use and has no `bytes`. */
  async change(): Promise<"none" | "grown" | "other"> {
    const before = this.#stats;
    const change = before === undefined ? "none" : changeOf(before, await this.#fileSystem.fstat(this.#fd));
    if (change !== "none") this.#isStale = true;
    return change;
  }

  /** Whether it is the same file as an earlier content, which has grown since, or before. */
  isGrownFrom({ stamp, size, hasGrown }: FileContent): boolean {
    const isSameFile = identityOf(stamp) === identityOf(this.stamp);
    return isSameFile && (this.size > size || (hasGrown && this.size === size));
  }

  #giveBackIfUnused(): void {
    if (!this.isDropped || this.#users > 0) return;
    const memory = this.#memory;
    if (memory === undefined) this.#fileSystem.close(this.#fd);
    else memory.slabs.give(memory.piece, this.#isFree);
  }
}
