import { CookielessHead } from "../cookies/cookieless-head.js";
import type { HeadLimits, RequestHead } from "../http/index.js";

/** Reads a head that is too large without its cookies, as its bytes arrive. */
export class OversizedHead {
  readonly #reader: CookielessHead;

  constructor(limits: HeadLimits) {
    this.#reader = new CookielessHead(limits);
  }

  /** The head as far as it was read, without cookies. */
  get kept(): Buffer {
    return this.#reader.kept;
  }

  /**
   * Reads the next piece from `start` on.
   * @returns the bytes from the head on, which `head` has read; "incomplete" when the head goes on beyond the piece;
   *   "refused" when it is not valid, or is too large without its cookies (see the refusal of `head`).
   */
  read(piece: Buffer, start: number, head: RequestHead): Buffer | "incomplete" | "refused" {
    const end = this.#reader.read(piece, start);
    if (end === 0) return "incomplete";
    const { kept } = this;
    const length = head.read(kept, 0, kept.length);
    if (end < 0 || length < 0) return "refused";
    // The cookies were not checked, so bytes after them must not be parsed as a request.
    head.keepAlive = false;
    return Buffer.concat([kept, piece.subarray(end)]);
  }
}
