/** The buffer for small chunks has at least this many bytes and at most this many. */
const SMALLEST_BLOCK = 256;
const LARGEST_BLOCK = 4 * 1024;

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
    const copied = last === undefined ? 0 : chunk.copy(last, this.#end);
    this.#end += copied;
    const left = chunk.length - copied;
    if (left > 0) {
      // As large as the queue, so that a queue of a few bytes needs little memory.
      const spare = Math.min(Math.max(this.length, SMALLEST_BLOCK), LARGEST_BLOCK);
      const block = Buffer.allocUnsafe(Math.max(left, spare));
      chunk.copy(block, 0, copied);
      blocks.push(block);
      this.#end = left;
    }
    this.length += chunk.length;
  }

  /** Passes `bytes` bytes to `write`, as views that are valid only during the call. */
  take(bytes: number, write: (block: Buffer, start: number, end: number) => void): void {
    this.length -= bytes;
    const blocks = this.#blocks ?? [];
    while (bytes > 0) {
      const block = blocks[0] as Buffer;
      const filled = blocks.length === 1 ? this.#end : block.length;
      const end = Math.min(filled, this.#start + bytes);
      write(block, this.#start, end);
      bytes -= end - this.#start;
      this.#start = end;
      if (end < filled) continue;
      blocks.shift();
      this.#start = 0;
    }
  }

  clear(): void {
    this.#blocks = undefined;
    this.#start = 0;
    this.length = 0;
  }
}
