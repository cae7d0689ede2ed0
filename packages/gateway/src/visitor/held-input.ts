import { ByteStore } from "@postern/net";

const NOTHING = Buffer.alloc(0);

/**
 * A visitor's input that cannot be processed yet: an incomplete head, or bytes after a request that is in progress. It
 * may arrive byte by byte, so adding a byte does not copy all earlier ones.
 */
export class HeldInput {
  /** Valid until the next `add`. */
  bytes: Buffer = NOTHING;
  /** Room for more bytes; undefined until there are more. */
  #room: ByteStore | undefined;

  get length(): number {
    return this.bytes.length;
  }

  /** Adds a copy of `piece`. */
  add(piece: Buffer): void {
    this.#room ??= new ByteStore(this.bytes);
    this.#room.add(piece);
    this.bytes = this.#room.bytes;
  }

  /**
   * Holds the bytes of `chunk` from `at` on: a copy of them, unless they are all of a chunk that is our own.
   * @param isOurs whether `chunk` is our own copy, whose bytes do not change
   */
  hold(chunk: Buffer, at: number, isOurs: boolean): void {
    this.bytes = isOurs && at === 0 ? chunk : Buffer.from(chunk.subarray(at));
  }

  /** Returns the bytes, and is empty again. */
  take(): Buffer {
    const taken = this.bytes;
    this.bytes = NOTHING;
    this.#room = undefined;
    return taken;
  }

  /** Takes the bytes and passes them to `read`. If `read` keeps all of them as they are, their room remains. */
  passTo(read: (bytes: Buffer) => void): void {
    const room = this.#room;
    const taken = this.take();
    read(taken);
    if (this.bytes === taken) this.#room = room;
  }
}
