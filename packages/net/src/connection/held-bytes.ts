import { Block, BLOCK_SIZE } from "./block.js";

/** Bytes that have to wait, in order. Their memory depends on their number, not on the number of pieces. */
export class HeldBytes {
  length = 0;
  #pieces: Buffer[] = [];
  /** The last bytes. */
  readonly #block = new Block();

  /** Adds a copy. */
  add(piece: Buffer): void {
    this.length += piece.length;
    if (piece.length >= BLOCK_SIZE) {
      this.#closeBlock();
      this.#pieces.push(Buffer.from(piece));
      return;
    }
    for (let at = 0; at < piece.length;) {
      at += this.#block.add(piece, at);
      if (this.#block.isFull) this.#closeBlock();
    }
  }

  /** Removes and returns the first bytes: those of at most one large piece, or of several small ones. */
  shift(): Buffer | undefined {
    if (this.#pieces.length === 0) this.#closeBlock();
    const first = this.#pieces.shift();
    this.length -= first?.length ?? 0;
    return first;
  }

  clear(): void {
    this.#pieces = [];
    this.#block.clear();
    this.length = 0;
  }

  #closeBlock(): void {
    if (this.#block.length > 0) this.#pieces.push(this.#block.take());
  }
}
