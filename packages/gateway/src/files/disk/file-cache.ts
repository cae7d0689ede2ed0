import { LinkedList } from "@postern/net";
import { MOST_RANGES } from "../selection/byte-ranges.js";
import type { FileContent } from "./file-content.js";
import { SeenPaths } from "./seen-paths.js";
import { Slabs } from "./slabs.js";

export const FILE_LIMITS = {
  /** Bytes of files that a gateway keeps in memory. */
  cache: 64 * 1024 * 1024,
  /** Bytes of the largest file that is kept in memory. Larger ones are read while they are sent. */
  cachedFile: 1024 * 1024,
  /**
   * Bytes of files that left the cache while visitors read them. Beyond it, files are read while they are sent unless
   * they are very small.
   */
  left: 32 * 1024 * 1024,
  /** Descriptors of larger files that stay open. */
  descriptors: 128,
  /** Bytes of such files in memory, beyond which they are read in the smallest blocks. */
  blocks: 32 * 1024 * 1024,
  /** Ranges of one request. */
  ranges: MOST_RANGES,
  /** Look-ups in one folder that wait for others. */
  waiting: 4_096,
} as const;

/**
 * What an entry needs in memory beside its bytes and its path: 1.4 KB for its objects, and more for what V8 has not
 * collected yet. In a process with 10,000 entries, the resident memory is 3.8 KB for each.
 */
const OVERHEAD = 4_096;
/** The share of its bytes from which on the cache counts as full. */
const FULL = 0.9;
/** How often an entry has its path: in its root, on the disk, and for the disk. */
const PATHS = 3;

/** The contents of files that a gateway keeps, by bytes; the one that was used least recently goes first. */
export class FileCache {
  readonly #most: number;
  /** The memory of its contents. */
  readonly slabs: Slabs;
  readonly #inMemory = new LinkedList<FileContent>();
  readonly #open = new LinkedList<FileContent>();
  readonly #seen = new SeenPaths();
  /** Bytes that its entries need beside their contents. */
  #overhead = 0;

  /**
   * @param bytes the most bytes to keep
   * @param left the most bytes that responses may use beside them, before new ones come in smaller pieces
   */
  constructor(bytes: number = FILE_LIMITS.cache, left: number = FILE_LIMITS.left) {
    this.#most = bytes;
    this.slabs = new Slabs(left);
  }

  /** Bytes that are kept now. Contents that were dropped and are still in use do not count: nothing would free them. */
  get bytes(): number {
    return this.slabs.kept + this.#overhead;
  }

  /**
   * Whether a file that is not kept is worth it: it was looked up before, not long ago. A file that takes the place of
   * another one was looked up twice before, because objects that come and go are memory that V8 collects late.
   * @param hash of its path
   */
  admits(hash: number): boolean {
    const isFull = this.bytes > this.#most * FULL;
    return this.#seen.see(hash) >= (isFull ? 2 : 1);
  }

  /** Keeps `content` until `drop`, or until the cache is full: then its owner forgets it. */
  add(content: FileContent): void {
    this.#listOf(content).add(content);
    content.keep();
    this.#overhead += overheadOf(content);
    while (this.bytes > this.#most) {
      const { oldest } = this.#inMemory;
      // The newest one stays, because its request has not used it yet.
      if (oldest === undefined || oldest === content) break;
      this.#evict(oldest);
    }
    while (this.#open.size > FILE_LIMITS.descriptors) this.#evict(this.#open.oldest!);
  }

  /** `content` was used. */
  touch(content: FileContent): void {
    if (content.isDropped) return;
    const list = this.#listOf(content);
    list.remove(content);
    list.add(content);
  }

  /** Does not keep `content` any more. */
  drop(content: FileContent): void {
    if (content.isDropped) return;
    this.#listOf(content).remove(content);
    this.#overhead -= overheadOf(content);
    content.drop();
  }

  /** The process has no descriptors left: closes those that no response uses. */
  closeDescriptors(): void {
    for (const content of this.#open) this.#evict(content);
  }

  #evict(content: FileContent): void {
    content.owner.forget(content);
    this.drop(content);
  }

  #listOf({ bytes }: FileContent): LinkedList<FileContent> {
    return bytes === undefined ? this.#open : this.#inMemory;
  }
}

function overheadOf({ path }: FileContent): number {
  return OVERHEAD + PATHS * path.length;
}
