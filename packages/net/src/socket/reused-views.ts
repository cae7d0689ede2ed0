/** Views of up to this many bytes are kept. */
const MOST_BYTES = 2048;

/**
 * The views of a buffer that begin at its start. Most messages of a connection have one of a few lengths, so most views
 * exist already: V8 takes longer to create one than to copy a short message.
 */
export class ReusedViews {
  readonly buffer: Buffer;
  readonly #views: (Buffer | undefined)[] = [];

  constructor(buffer: Buffer) {
    this.buffer = buffer;
  }

  /** The first `length` bytes. */
  first(length: number): Buffer {
    if (length > MOST_BYTES) return this.buffer.subarray(0, length);
    return (this.#views[length] ??= this.buffer.subarray(0, length));
  }
}
