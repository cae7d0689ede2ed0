/** Bytes of one stream that wait for the peer's window or the congestion window, in order. */
export class SendQueue {
  /** Created when the first bytes have to wait: most streams never queue. */
  #chunks: Buffer[] | undefined;
  #offset = 0;
  length = 0;

  /** Appends a copy: the bytes are valid only during the call. */
  push(chunk: Buffer): void {
    (this.#chunks ??= []).push(Buffer.from(chunk));
    this.length += chunk.length;
  }

  /** Passes `bytes` bytes to `write`, as views that are valid only during the call. */
  take(bytes: number, write: (chunk: Buffer, start: number, end: number) => void): void {
    this.length -= bytes;
    const chunks = this.#chunks ?? [];
    while (bytes > 0) {
      const chunk = chunks[0] as Buffer;
      const end = Math.min(chunk.length, this.#offset + bytes);
      write(chunk, this.#offset, end);
      bytes -= end - this.#offset;
      if (end === chunk.length) {
        chunks.shift();
        this.#offset = 0;
      } else this.#offset = end;
    }
  }

  clear(): void {
    this.#chunks = undefined;
    this.#offset = 0;
    this.length = 0;
  }
}
