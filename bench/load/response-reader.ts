import { fail } from "./settings.ts";

/** Reads answers with a Content-Length, one after the other, from the bytes of a connection, and keeps none of their body. */
export class ResponseReader {
  #head = "";
  /** Bytes of the present body still to come; -1 while its head is read. */
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
    if (!this.#head.startsWith("HTTP/1.1 200 ")) fail(`answered: ${this.#head.slice(0, 400)}`);
    const length = /\r\ncontent-length: *(\d+)/i.exec(this.#head.slice(0, end))?.[1];
    if (length === undefined) fail(`an answer without Content-Length: ${this.#head.slice(0, end)}`);
    this.#left = Number(length);
    this.#head = "";
    return from + end + 4 - before;
  }
}
