import { BufferPool, release } from "../socket/buffer-pool.js";

/** Bytes that a full block has. */
export const BLOCK_SIZE = 16 * 1024;
/** The sizes of a block that grows. */
const SIZES = [512, 1024, 2048, 4096, BLOCK_SIZE];
/** Memory that is kept for blocks of each size, in bytes. */
const MOST_FREE = 2 * 1024 * 1024;
const POOLS = SIZES.map((size) => new BufferPool(size, Math.min(256, MOST_FREE / size)));

/**
 * Small pieces joined into one buffer. A piece of one byte costs one byte here; as a buffer of its own it would cost
 * several hundred.
 */
export class Block {
  length = 0;
  #bytes: Buffer | undefined;

  get isFull(): boolean {
    return this.length === BLOCK_SIZE;
  }

  /** Copies bytes of `piece` from `start` on, as many as fit. Returns their number. */
  add(piece: Buffer, start: number): number {
    const end = Math.min(BLOCK_SIZE, this.length + piece.length - start);
    if (this.#bytes === undefined || this.#bytes.length < end) this.#grow(end);
    const added = piece.copy(this.#bytes as Buffer, this.length, start);
    this.length += added;
    return added;
  }

  /** Returns the bytes, and is empty again. Their memory can be released to its pool. */
  take(): Buffer {
    const taken = (this.#bytes as Buffer).subarray(0, this.length);
    this.#bytes = undefined;
    this.length = 0;
    return taken;
  }

  clear(): void {
    if (this.#bytes !== undefined) release(this.#bytes.buffer);
    this.#bytes = undefined;
    this.length = 0;
  }

  #grow(needed: number): void {
    const bytes = (POOLS[SIZES.findIndex((size) => size >= needed)] as BufferPool).take();
    if (this.#bytes !== undefined) {
      this.#bytes.copy(bytes, 0, 0, this.length);
      release(this.#bytes.buffer);
    }
    this.#bytes = bytes;
  }
}
