/** Bytes of a result that is used at once: twice those of the largest read of a socket (129 KiB). */
const SIZE = 258 * 1024;

/** Memory for results that are valid until the next one: a new buffer for each would cost more than its content. */
export class Scratch {
  readonly #memory = Buffer.allocUnsafeSlow(SIZE);

  take(length: number): Buffer {
    return length <= SIZE ? this.#memory.subarray(0, length) : Buffer.allocUnsafe(length);
  }
}

/** What one edit makes of a piece is the input of the next one, so they use these in turn. All bodies share them. */
const SCRATCHES = [new Scratch(), new Scratch()] as const;

/** @param index of the edit among those of its body */
export function scratchOf(index: number): Scratch {
  return SCRATCHES[index % 2 === 0 ? 0 : 1];
}
