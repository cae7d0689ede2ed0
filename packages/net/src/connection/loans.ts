/*
 * When the kernel does not take a whole write, the socket refers to the remaining bytes until it has drained. Their
 * memory is on loan during that time. Code that reads into the memory again checks `isLent` first, or waits for
 * `onReturn`.
 */

/** Loans on each buffer. */
const loans = new WeakMap<ArrayBufferLike, number>();
const listeners = new Set<(buffer: ArrayBufferLike) => void>();

/** Counts one loan on `buffer`. */
export function lend(buffer: ArrayBufferLike): void {
  loans.set(buffer, (loans.get(buffer) ?? 0) + 1);
}

/** Ends one loan on `buffer`. */
export function giveBack(buffer: ArrayBufferLike): void {
  const left = (loans.get(buffer) ?? 0) - 1;
  if (left > 0) {
    loans.set(buffer, left);
    return;
  }
  if (loans.delete(buffer)) for (const listener of listeners) listener(buffer);
}

/** Whether a socket still refers to bytes of `buffer`. */
export function isLent(buffer: ArrayBufferLike): boolean {
  return loans.has(buffer);
}

/** Calls `listener` with every buffer whose last loan ends. */
export function onReturn(listener: (buffer: ArrayBufferLike) => void): void {
  listeners.add(listener);
}
