import { fail } from "./settings.ts";

/** Reads responses with a Content-Length from the bytes of a connection. It discards their bodies. */
export class ResponseReader {
  #head = "";
  /** Bytes of the current body that have not arrived; -1 while its head is read. */
  #left = -1;
  #onBody: (bytes: number) => void;
  #onEnd: () => void;

  constructor(onBody: (bytes: number) => void, onEnd: () => void) {
    this.#onBody = onBody;
    this.#onEnd = onEnd;
  }

  push(chunk: Buffer): void {
    for (let from = 0; from < chunk.length;) {
      if (this.#left < 0) from = this.#readHead(chunk, from);
      const bytes = Math.min(this.#left, chunk.length - from);
      if (bytes > 0) this.#onBody(bytes);
      from += Math.max(bytes, 0);
      if (this.#left >= 0) this.#left -= bytes;
      if (this.#left === 0) {
        this.#left = -1;
        this.#onEnd();
      }
    }
  }

  #readHead(chunk: Buffer, from: number): number {
    const before = this.#head.length;
    this.#head += chunk.toString("latin1", from, Math.min(chunk.length, from + 16_384));
    const end = this.#head.indexOf("\r\n\r\n");
    if (end < 0) return chunk.length;
    if (!this.#head.startsWith("HTTP/1.1 200 ")) fail(`response: ${this.#head.slice(0, 400)}`);
    const length = /\r\ncontent-length: *(\d+)/i.exec(this.#head.slice(0, end))?.[1];
    if (length === undefined) fail(`a response without Content-Length: ${this.#head.slice(0, end)}`);
    this.#left = Number(length);
    this.#head = "";
    return from + end + 4 - before;
  }
}
