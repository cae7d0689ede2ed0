/*
 * A socket that does not take a write whole points at the rest of it until it has drained. The memory under those bytes
 * is on loan for that time: whoever reads into it again checks `isLent` first, or waits for `onReturn`.
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

/** Whether a socket still points at bytes of `buffer`. */
export function isLent(buffer: ArrayBufferLike): boolean {
  return loans.has(buffer);
}

/** Calls `listener` with every buffer whose last loan ends. */
export function onReturn(listener: (buffer: ArrayBufferLike) => void): void {
  listeners.add(listener);
}
