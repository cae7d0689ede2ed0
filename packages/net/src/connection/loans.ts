/*
 * A socket that cannot send all of a write at once keeps a reference to the rest until it has drained. During this time
 * the memory is on loan. Loans are counted only for read buffers that are reused: their owner marks them with `reuse`,
 * and checks `isLent` before it reads into them again.
 */

/** Loans on each marked buffer. */
const loans = new WeakMap<ArrayBufferLike, number>();
const listeners = new Set<(buffer: ArrayBufferLike) => void>();

/** Marks `buffer` as a read buffer that is reused, so that its loans are counted. */
export function reuse(buffer: ArrayBufferLike): void {
  if (!loans.has(buffer)) loans.set(buffer, 0);
}

/** Counts one loan on `buffer`. @returns false if the buffer is not marked: then there is nothing to give back. */
export function lend(buffer: ArrayBufferLike): boolean {
  const count = loans.get(buffer) ?? (listeners.size > 0 ? 0 : undefined);
  if (count === undefined) return false;
  loans.set(buffer, count + 1);
  return true;
}

/** Ends one loan on `buffer`. */
export function giveBack(buffer: ArrayBufferLike): void {
  const left = (loans.get(buffer) ?? 0) - 1;
  if (left < 0) return;
  loans.set(buffer, left);
  if (left === 0) for (const listener of listeners) listener(buffer);
}

/** Whether a socket still refers to bytes of `buffer`. */
export function isLent(buffer: ArrayBufferLike): boolean {
  return (loans.get(buffer) ?? 0) > 0;
}

/** Calls `listener` with every buffer whose last loan ends. From then on all buffers count as marked. */
export function onReturn(listener: (buffer: ArrayBufferLike) => void): void {
  listeners.add(listener);
}
