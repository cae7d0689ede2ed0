/** Bytes that a full block has. */
export const BLOCK_SIZE = 16 * 1024;
/** A block grows by doubling up to the second of these sizes, and then to the full size at once. */
const [SMALLEST, MIDDLE] = [512, 4 * 1024];

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

  /** Returns the bytes, and is empty again. */
  take(): Buffer {
    const taken = (this.#bytes as Buffer).subarray(0, this.length);
    this.clear();
    return taken;
  }

  clear(): void {
    this.#bytes = undefined;
    this.length = 0;
  }

  #grow(needed: number): void {
    let size = SMALLEST;
    while (size < needed) size = size < MIDDLE ? size * 2 : BLOCK_SIZE;
    const bytes = Buffer.allocUnsafeSlow(size);
    this.#bytes?.copy(bytes, 0, 0, this.length);
    this.#bytes = bytes;
  }
}
