/** A block for small chunks has at least this many bytes and at most this many. */
const SMALLEST_BLOCK = 256;
const LARGEST_BLOCK = 4 * 1024;
/**
 * The size of the blocks for all other chunks. They are used again: hundreds of slow readers would otherwise leave
 * megabytes of garbage, and holes of many sizes between them.
 */
const BLOCK_SIZE = 16 * 1024;
/** As many blocks of this size as are in use, but at least this many, are kept for the next chunks of any stream. */
const MIN_SPARES = 64;
const spares: Buffer[] = [];
let inUse = 0;

/**
 * Bytes of one stream that wait for the peer's window or the congestion window, in order. Small chunks are joined, so
 * that the memory depends on the number of bytes and not on the number of chunks.
 */
export class SendQueue {
  /** Created when the first bytes have to wait: most streams never queue. */
  #blocks: Buffer[] | undefined;
  /** Offset of the first byte in the first block, and the offset after the last byte in the last block. */
  #start = 0;
  #end = 0;
  length = 0;

  /** Appends a copy: the bytes are valid only during the call. */
  push(chunk: Buffer): void {
    const blocks = (this.#blocks ??= []);
    const last = blocks.at(-1);
    let copied = last === undefined ? 0 : chunk.copy(last, this.#end);
    this.#end += copied;
    // As large as the queue, so that a queue of a few bytes needs little memory.
    const spare = Math.min(Math.max(this.length, SMALLEST_BLOCK), LARGEST_BLOCK);
    while (copied < chunk.length) {
      const block = newBlock(Math.max(chunk.length - copied, spare));
      this.#end = chunk.copy(block, 0, copied);
      copied += this.#end;
      blocks.push(block);
    }
    this.length += chunk.length;
  }

  /** Passes `bytes` bytes to `write`, as views that are valid only during the call. */
  take(bytes: number, write: (block: Buffer, start: number, end: number) => void): void {
    const blocks = this.#blocks;
    if (blocks === undefined) return;
    this.length -= bytes;
    while (bytes > 0) {
      const block = blocks[0] as Buffer;
      const filled = blocks.length === 1 ? this.#end : block.length;
      const start = this.#start;
      const end = Math.min(filled, start + bytes);
      bytes -= end - start;
      this.#start = end === filled ? 0 : end;
      if (end === filled) blocks.shift();
      write(block, start, end);
      if (end === filled) recycle(block);
      // The queue was cleared during the call.
      if (this.#blocks !== blocks) return;
    }
  }

  clear(): void {
    for (const block of this.#blocks ?? []) recycle(block);
    this.#blocks = undefined;
    this.#start = 0;
    this.length = 0;
  }
}

function newBlock(wanted: number): Buffer {
  if (wanted <= LARGEST_BLOCK) return Buffer.allocUnsafe(wanted);
  inUse++;
  return spares.pop() ?? Buffer.allocUnsafeSlow(BLOCK_SIZE);
}

function recycle(block: Buffer): void {
  if (block.length !== BLOCK_SIZE) return;
  inUse--;
  spares.push(block);
  while (spares.length > Math.max(MIN_SPARES, inUse)) spares.pop();
}
