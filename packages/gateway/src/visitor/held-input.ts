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

  /** Holds `piece` from `start` on: a copy, unless all of it is our own. */
  hold(piece: Buffer, start: number, isOurs: boolean): void {
    this.bytes = isOurs ? piece : Buffer.from(piece.subarray(start));
  }

  /** Adds a copy of `piece`. */
  add(piece: Buffer): void {
    this.#room ??= new ByteStore(this.bytes);
    this.#room.add(piece);
    this.bytes = this.#room.bytes;
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
