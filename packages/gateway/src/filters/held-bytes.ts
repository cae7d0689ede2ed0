import { BufferPool, release } from "@postern/net";

/** Bytes of a body that are kept or passed on together. */
export const BLOCK = 64 * 1024;
/** The framing of a chunk around them: a size in hex, and two line ends. */
const FRAMING = 16;
/** Fewer bytes get a block of their own size, so that a body that arrives slowly does not hold a large one. */
const SMALL = 8 * 1024;

/** Memory for one block and its framing. A buffer for each body would be garbage that costs more than the copying. */
export const BODY_MEMORY = new BufferPool(BLOCK + FRAMING, 32);

/** Bytes that are kept for a while, in memory that is used again. */
export class HeldBytes {
  #blocks: Buffer[] = [];
  /** The memory of the last block, if it has room. */
  #open: Buffer | undefined;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Keeps a copy of `bytes`. */
  append(bytes: Buffer): void {
    this.#length += bytes.length;
    for (let at = 0; at < bytes.length;) at += this.#fill(bytes.subarray(at));
  }

  /** The first block, which is kept no longer; undefined: there is none. `release` its memory after its use. */
  takeBlock(): Buffer | undefined {
    let [count, bytes] = [0, 0];
    for (const { length } of this.#blocks) {
      if (count > 0 && bytes + length > BLOCK) break;
      bytes += length;
      count++;
    }
    return count === 0 ? undefined : this.#take(count);
  }

  /** All bytes as one block, which are kept no longer. `release` its memory after its use. */
  takeAll(): Buffer {
    return this.#blocks.length === 0 ? NOTHING : this.#take(this.#blocks.length);
  }

  drop(): void {
    for (const block of this.#blocks) release(block.buffer);
    this.#blocks = [];
    this.#open = undefined;
    this.#length = 0;
  }

  /** The first `count` blocks as one. */
  #take(count: number): Buffer {
    const blocks = this.#blocks.splice(0, count);
    if (this.#blocks.length === 0) this.#open = undefined;
    const [first = NOTHING] = blocks;
    const all = blocks.length === 1 ? first : Buffer.concat(blocks);
    if (all !== first) for (const block of blocks) release(block.buffer);
    this.#length -= all.length;
    return all;
  }

  /** Keeps some of the first of `bytes`. Returns how many. */
  #fill(bytes: Buffer): number {
    const memory = this.#open;
    const last = this.#blocks.length - 1;
    const used = this.#blocks[last]?.length ?? 0;
    if (memory !== undefined && used < BLOCK) {
      const part = bytes.subarray(0, BLOCK - used);
      memory.set(part, used);
      this.#blocks[last] = memory.subarray(0, used + part.length);
      return part.length;
    }
    if (bytes.length < SMALL) {
      this.#open = undefined;
      this.#blocks.push(Buffer.from(bytes));
      return bytes.length;
    }
    this.#open = BODY_MEMORY.take();
    this.#blocks.push(this.#open.subarray(0, 0));
    return 0;
  }
}

const NOTHING = Buffer.alloc(0);
