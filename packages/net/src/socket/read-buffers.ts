/*
 * The memory that sockets read into. Node.js would allocate a new buffer for every read, and V8 would run a full
 * collection for every few dozen megabytes of them.
 *
 * A read buffer has one owner, or it is the shared one. A socket that cannot send all of a write at once refers to the
 * rest until it has drained: during this time the memory is on loan. The owner of a buffer on loan reads into another
 * one. The shared buffer is never lent, because its sockets have no other.
 */

/** Two frames of the largest size and the headers of their message fit into one read. */
const READ_SIZE = 129 * 1024;
/** Buffers kept for the next owner. */
const MOST_FREE = 32;

/**
 * The buffer of all sockets that copy or forward what they read before their callback returns. A tunnel sends a full
 * one as one frame. Together with the headers around it, and an ACK, it fits into four TLS records: a fifth one with
 * the last bytes would cost both ends as much as a full one.
 */
export const SHARED_BUFFER: Buffer = Buffer.allocUnsafeSlow(64 * 1024 - 64);

/** The loans on one buffer. */
interface Loans {
  count: number;
  /** The buffer, once its owner needs it no longer. */
  released: Buffer | undefined;
}

const loansOf = new WeakMap<ArrayBufferLike, Loans>();
const free: Buffer[] = [];
const listeners = new Set<(memory: ArrayBufferLike) => void>();

/** A read buffer for a new owner. */
export function takeReadBuffer(): Buffer {
  const reused = free.pop();
  if (reused !== undefined) return reused;
  const buffer = Buffer.allocUnsafeSlow(READ_SIZE);
  loansOf.set(buffer.buffer, { count: 0, released: undefined });
  return buffer;
}

/** The owner needs `buffer` no longer. It gets its next owner after its last loan. */
export function releaseReadBuffer(buffer: Buffer): void {
  const loans = loansOf.get(buffer.buffer) as Loans;
  if (loans.count > 0) loans.released = buffer;
  else if (free.length < MOST_FREE) free.push(buffer);
}

/** Counts one loan on `memory`. @returns false if it is no read buffer: then there is nothing to give back. */
export function lend(memory: ArrayBufferLike): boolean {
  let loans = loansOf.get(memory);
  if (loans === undefined) {
    if (listeners.size === 0) return false;
    loans = { count: 0, released: undefined };
    loansOf.set(memory, loans);
  }
  loans.count++;
  return true;
}

/** Ends one loan on `memory`. */
export function giveBack(memory: ArrayBufferLike): void {
  const loans = loansOf.get(memory);
  if (loans === undefined || --loans.count > 0) return;
  for (const listener of listeners) listener(memory);
  const { released } = loans;
  if (released === undefined) return;
  loans.released = undefined;
  releaseReadBuffer(released);
}

/** Whether a socket still refers to bytes of `memory`. */
export function isLent(memory: ArrayBufferLike): boolean {
  return (loansOf.get(memory)?.count ?? 0) > 0;
}

/** Calls `listener` with all memory whose last loan ends. From then on loans on any memory are counted. */
export function onReturn(listener: (memory: ArrayBufferLike) => void): void {
  listeners.add(listener);
}
