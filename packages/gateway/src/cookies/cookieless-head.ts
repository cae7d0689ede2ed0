import { DEFAULT_HEAD_LIMITS, type HeadLimits } from "../http/index.js";
import { equalsText } from "../http/latin1.js";
import { CR, LF } from "../http/octet.js";

/**
 * The maximum size of a head with its cookies, in bytes. Browsers keep at most 180 cookies of 4 KiB for a domain and
 * its subdomains.
 */
export const COOKIE_LIMITS = { head: 1_048_576 } as const;

const COOKIE = "cookie:";

/**
 * The head of a request without its Cookie lines, which are dropped as they arrive. Scripts of one tunnel can set so
 * many cookies for the whole base domain that a head with them is too large.
 */
export class CookielessHead {
  readonly #limits: HeadLimits;
  /** With room for the name of a cookie line, until it is recognised. */
  readonly #kept: Buffer;
  #length = 0;
  /** Start of the current line in the kept bytes. */
  #lineStart = 0;
  #isCookie = false;
  /** Lines that were kept, from the request line on. */
  #lines = 0;
  /** The last byte that was read. */
  #last = 0;
  /** Bytes read, cookies included. */
  #read = 0;

  /** @param limits of the head without cookies */
  constructor(limits: HeadLimits = DEFAULT_HEAD_LIMITS) {
    this.#limits = limits;
    this.#kept = Buffer.allocUnsafe(limits.bytes + COOKIE.length);
  }

  /** The head as far as it was read, without cookies. */
  get kept(): Buffer {
    return this.#kept.subarray(0, this.#length);
  }

  /**
   * Reads the next piece from `start` on.
   * @returns the position after the head; 0 when it goes on beyond the piece; -1 when it is too large.
   */
  read(piece: Buffer, start: number): number {
    let at = start;
    while (at < piece.length) {
      const end = this.#partEnd(piece, at);
      this.#read += end - at;
      if (this.#read > COOKIE_LIMITS.head || !this.#keep(piece, at, end)) return -1;
      const before = end - at > 1 ? piece[end - 2] : this.#last;
      this.#last = piece[end - 1]!;
      at = end;
      if (this.#last !== LF) continue;
      const isEnd = this.#endLine(before === CR);
      if (this.#length > this.#limits.bytes || this.#lines > this.#limits.fields + 1) return -1;
      if (isEnd) return at;
    }
    return 0;
  }

  /** The end of a part that belongs to one line. Whether the line is dropped is known after the first letters of it. */
  #partEnd(piece: Buffer, at: number): number {
    const lineFeed = piece.indexOf(LF, at);
    const lineEnd = lineFeed < 0 ? piece.length : lineFeed + 1;
    const missing = COOKIE.length - (this.#length - this.#lineStart);
    return this.#isCookie || missing <= 0 ? lineEnd : Math.min(lineEnd, at + missing);
  }

  /** @returns false when there is no room. */
  #keep(piece: Buffer, at: number, end: number): boolean {
    if (this.#isCookie) return true;
    if (this.#length + end - at > this.#kept.length) return false;
    piece.copy(this.#kept, this.#length, at, end);
    this.#length += end - at;
    const nameEnd = this.#lineStart + COOKIE.length;
    if (this.#length === nameEnd && equalsText(this.#kept, this.#lineStart, nameEnd, COOKIE)) {
      this.#length = this.#lineStart;
      this.#isCookie = true;
    }
    return true;
  }

  /** @returns whether it was the blank line at the end of the head. Blank lines before its first line do not count. */
  #endLine(hasCr: boolean): boolean {
    const length = this.#length - this.#lineStart;
    // The reader of the kept bytes must see a line that ends with LF only, in order to refuse it.
    if (this.#isCookie && !hasCr) this.#length = this.#kept.write("\n", this.#lineStart) + this.#lineStart;
    const isEnd = !this.#isCookie && hasCr && length === 2 && this.#lines > 0;
    if (!this.#isCookie && length > 2) this.#lines++;
    this.#isCookie = false;
    this.#lineStart = this.#length;
    return isEnd;
  }
}
