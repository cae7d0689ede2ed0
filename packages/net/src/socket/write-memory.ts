import { BufferPool, isLent, release } from "./buffer-pool.js";
import { ReusedViews } from "./reused-views.js";

const SIZE = 16 * 1024;
const POOL = new BufferPool(SIZE, 16);

/**
 * The memory of short messages that are written at once, as heads are. When the `write` of a connection or stream
 * returns, it has sent the message, or copied it, or has the memory on loan. So nearly all messages can use the same
 * memory, which stays in the processor's cache.
 */
class WriteMemory {
  #views = new ReusedViews(POOL.take());

  /** Memory for one message, valid until the next call. While it is on loan, the next message gets other memory. */
  take(length: number): Buffer {
    if (length > SIZE) return Buffer.allocUnsafe(length);
    const { buffer } = this.#views.buffer;
    if (isLent(buffer)) {
      release(buffer);
      this.#views = new ReusedViews(POOL.take());
    }
    return this.#views.first(length);
  }

  /** Whether `chunk` is the message whose memory was taken last. */
  holds({ buffer }: Buffer): boolean {
    return buffer === this.#views.buffer.buffer;
  }
}

/** The one of this process. */
export const WRITE_MEMORY = new WriteMemory();
