/** Bytes of one stream that wait for window or budget, in order. */
export class SendQueue {
  #chunks: Buffer[] = [];
  #offset = 0;
  length = 0;

  /** Appends a copy: the caller may use its buffer again. */
  push(chunk: Buffer): void {
    this.#chunks.push(Buffer.from(chunk));
    this.length += chunk.length;
  }

  /** Hands at most `bytes` to `write`, as views that are only valid during the call. */
  take(bytes: number, write: (chunk: Buffer, start: number, end: number) => void): void {
    this.length -= bytes;
    while (bytes > 0) {
      const chunk = this.#chunks[0] as Buffer;
      const end = Math.min(chunk.length, this.#offset + bytes);
      write(chunk, this.#offset, end);
      bytes -= end - this.#offset;
      if (end === chunk.length) {
        this.#chunks.shift();
        this.#offset = 0;
      } else this.#offset = end;
    }
  }

  clear(): void {
    this.#chunks = [];
    this.#offset = 0;
    this.length = 0;
  }
}
