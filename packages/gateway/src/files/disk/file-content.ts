import type { BigIntStats } from "node:fs";
import { Linked } from "@postern/net";
import type { FileSystem, OnRead } from "./file-system.js";
import type { OpenedFile } from "./root-folder.js";

/** Refers to contents that are in the cache. */
export interface ContentOwner {
  /** The cache has no room for `content` any more. */
  forget(content: FileContent): void;
}

/**
 * One version of a file: its bytes, or an open descriptor of a file that is too large for memory. The descriptor is
 * closed when the content is neither in the cache nor in use.
 */
export class FileContent extends Linked<FileContent> {
  readonly owner: ContentOwner;
  /** The path in its root. */
  readonly path: string;
  readonly size: number;
  /** When the file was modified, in milliseconds since 1970. */
  readonly modified: number;
  /** Changes whenever the file changes. */
  readonly stamp: string;
  /** Undefined: they are read from the descriptor. */
  readonly bytes: Buffer | undefined;
  readonly #fd: number;
  readonly #fileSystem: FileSystem;
  #users = 0;
  /** Whether it is no longer in the cache. */
  isDropped = false;

  constructor(
    owner: ContentOwner,
    path: string,
    { fd, stats }: OpenedFile,
    bytes: Buffer | undefined,
    fileSystem: FileSystem,
  ) {
    super();
    this.owner = owner;
    this.path = path;
    this.size = Number(stats.size);
    this.modified = Number(stats.mtimeMs);
    this.stamp = stampOf(stats);
    this.bytes = bytes;
    this.#fd = fd;
    this.#fileSystem = fileSystem;
  }

  /** A response uses it from now on, until `release`. @returns false if its descriptor is closed. */
  use(): boolean {
    if (this.bytes === undefined && this.isDropped && this.#users === 0) return false;
    this.#users++;
    return true;
  }

  release(): void {
    this.#users--;
    this.#closeIfUnused();
  }

  /** It is no longer in the cache. */
  drop(): void {
    this.isDropped = true;
    this.#closeIfUnused();
  }

  /** Reads up to `length` bytes at `position`, while it is in use and has no `bytes`. */
  read(buffer: Buffer, length: number, position: number, done: OnRead): void {
    this.#fileSystem.read(this.#fd, buffer, length, position, done);
  }

  /** Whether the file is still the same version, while it is in use and has no `bytes`. */
  async isUnchanged(): Promise<boolean> {
    return stampOf(await this.#fileSystem.fstat(this.#fd)) === this.stamp;
  }

  #closeIfUnused(): void {
    if (this.bytes === undefined && this.isDropped && this.#users === 0) this.#fileSystem.close(this.#fd);
  }
}

/** A text that changes whenever the file changes, or is another one. */
export function stampOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`;
}
