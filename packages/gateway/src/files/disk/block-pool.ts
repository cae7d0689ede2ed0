/** Bytes of a large file that are read at once. */
export const BLOCK = 256 * 1024;
/** Buffers kept for the next reader. */
const MOST_FREE = 16;

const free: Buffer[] = [];

/** A buffer of BLOCK bytes. */
export function takeBlock(): Buffer {
  return free.pop() ?? Buffer.allocUnsafeSlow(BLOCK);
}

/** Nothing refers to `block` any more. */
export function giveBlock(block: Buffer): void {
  if (free.length < MOST_FREE) free.push(block);
}
