import { BufferPool, release } from "@postern/net";
import { FILE_LIMITS } from "./disk/file-cache.js";

const KB = 1024;
/** Most bytes of a block, and fewest. Fewer bytes would cost more calls to the disk than they save memory. */
const SIZES = [256 * KB, 128 * KB, 64 * KB, 32 * KB, 16 * KB] as const;
/** Each block is at most this share of the memory that is left: visitors that read nothing never use all of it. */
const SHARE = 64;

/**
 * Memory for the bytes of large files on their way to visitors. The more of it is in use, the smaller are new blocks,
 * and near the limit they are as small as possible: a visitor that reads nothing then keeps 16 KB.
 */
export class FileBlocks {
  /** Bytes in use. */
  bytes = 0;
  readonly #most: number;
  readonly #pools = new Map(SIZES.map((size) => [size as number, new BufferPool(size, (4 * 1024 * KB) / size)]));

  /** @param most bytes beyond which all blocks are small */
  constructor(most: number) {
    this.#most = most;
  }

  /** Whether there is memory for a block that is read while another one is sent. */
  get hasPlenty(): boolean {
    return this.bytes < this.#most / 2;
  }

  /** A block for up to `wanted` bytes, which may have room for fewer. */
  take(wanted: number): Buffer {
    const share = Math.min((this.#most - this.bytes) / SHARE, SIZES[0]);
    const size = SIZES.findLast((each) => each >= wanted || each * 2 > share) ?? SIZES[0];
    this.bytes += size;
    return this.#pools.get(size)!.take();
  }

  /** The owner of `block` needs it no longer, and no connection refers to it. */
  give(block: Buffer): void {
    this.bytes -= block.length;
    release(block.buffer);
  }

  /** The connection of `block` has ended. It may still refer to it, so the block is not used again. */
  lose(block: Buffer): void {
    this.bytes -= block.length;
  }
}

/** Those of all bodies. */
export const BLOCKS = new FileBlocks(FILE_LIMITS.blocks);
