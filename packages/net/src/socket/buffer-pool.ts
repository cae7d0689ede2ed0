/*
 * Memory that is used again. Node.js would allocate a new buffer for every read and every group of small writes, and V8
 * would collect them late: for every few dozen megabytes of reads it would run a full collection.
 *
 * A buffer of a pool has one owner. A socket that cannot send all of a write at once refers to the rest until it has
 * drained: during this time the memory is on loan. Its owner may release it meanwhile; the next owner gets it after the
 * last loan.
 */

/** The loans on one buffer. */
interface Loans {
  count: number;
  /** Where the buffer goes when it is not used any more; undefined: memory that is not used again. */
  readonly home: { readonly buffer: Buffer; readonly pool: BufferPool } | undefined;
  /** Whether the owner needs it no longer. */
  isReleased: boolean;
}

const loansOf = new WeakMap<ArrayBufferLike, Loans>();
const listeners = new Set<(memory: ArrayBufferLike) => void>();

/** Buffers of one size. */
export class BufferPool {
  readonly #size: number;
  readonly #mostFree: number;
  readonly #free: Buffer[] = [];

  /**
   * @param size in bytes
   * @param mostFree the number of buffers that are kept for the next owner
   */
  constructor(size: number, mostFree: number) {
    this.#size = size;
    this.#mostFree = mostFree;
  }

  /** A buffer for a new owner, with any content. */
  take(): Buffer {
    const reused = this.#free.pop();
    if (reused !== undefined) {
      loansOf.get(reused.buffer)!.isReleased = false;
      return reused;
    }
    const buffer = Buffer.allocUnsafeSlow(this.#size);
    loansOf.set(buffer.buffer, { count: 0, home: { buffer, pool: this }, isReleased: false });
    return buffer;
  }

  /** Keeps `buffer`, which nothing refers to, for the next owner. */
  keep(buffer: Buffer): void {
    if (this.#free.length < this.#mostFree) this.#free.push(buffer);
  }
}

/** The owner of `memory` needs it no longer. It gets its next owner after its last loan. */
export function release(memory: ArrayBufferLike): void {
  const loans = loansOf.get(memory);
  if (loans?.home === undefined || loans.isReleased) return;
  loans.isReleased = true;
  if (loans.count === 0) loans.home.pool.keep(loans.home.buffer);
}

/** Counts one loan on `memory`. @returns false if it belongs to no pool: then there is nothing to give back. */
export function lend(memory: ArrayBufferLike): boolean {
  let loans = loansOf.get(memory);
  if (loans === undefined) {
    if (listeners.size === 0) return false;
    loans = { count: 0, home: undefined, isReleased: false };
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
  if (loans.isReleased) loans.home?.pool.keep(loans.home.buffer);
}

/** Whether a socket still refers to bytes of `memory`. */
export function isLent(memory: ArrayBufferLike): boolean {
  return (loansOf.get(memory)?.count ?? 0) > 0;
}

/** Calls `listener` with all memory whose last loan ends. From then on loans on any memory are counted. */
export function onReturn(listener: (memory: ArrayBufferLike) => void): void {
  listeners.add(listener);
}
