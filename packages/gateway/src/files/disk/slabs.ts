/** Bytes that are allocated together, because V8 frees many small allocations late. */
const SLAB = 256 * 1024;
/** The largest piece of a slab. Larger ones get memory of their own. */
const LARGEST = 32 * 1024;
/** Slabs that are kept although no piece of them is in use. */
const MOST_FREE = 16;

/** Memory of which several files have a piece. */
interface Slab {
  readonly bytes: Buffer;
  /** Where the next piece begins. */
  end: number;
  /** Pieces in use. */
  pieces: number;
  /** Pieces that are kept. */
  kept: number;
  /** Whether it is not used again, because a connection may still refer to a piece that was given back. */
  isSpoilt: boolean;
}

/** Memory for one file. */
export interface Piece {
  readonly bytes: Buffer;
  /** Undefined: it has memory of its own. */
  readonly slab: Slab | undefined;
}

/** Memory for many small files, which is used again. */
export class Slabs {
  /** Bytes of the slabs with a piece in use, and of the pieces with memory of their own. */
  bytes = 0;
  /** Bytes of the slabs with a kept piece, and of the kept pieces with memory of their own. */
  kept = 0;
  readonly #mostLeft: number;
  #current: Slab | undefined;
  readonly #free: Slab[] = [];

  /** @param mostLeft bytes in use that are not kept, from which on they are many */
  constructor(mostLeft = Infinity) {
    this.#mostLeft = mostLeft;
  }

  /**
   * Whether responses use many bytes that are not kept. Their visitors read slowly or nothing: each of them then holds
   * the slab or the file that its response needs.
   */
  get isCrowded(): boolean {
    return this.bytes - this.kept > this.#mostLeft;
  }

  /** Bytes of the largest file that is to be read into this memory now. @param most when it is not crowded */
  largest(most: number): number {
    return this.isCrowded ? LARGEST : most;
  }

  take(size: number): Piece {
    if (size > LARGEST || this.isCrowded) {
      this.bytes += size;
      return { bytes: Buffer.allocUnsafeSlow(size), slab: undefined };
    }
    const slab = this.#withRoom(size);
    const start = slab.end;
    slab.end += size;
    slab.pieces++;
    return { bytes: slab.bytes.subarray(start, slab.end), slab };
  }

  /** `piece` is kept until `leave`, whether it is in use or not. */
  keep({ bytes, slab }: Piece): void {
    if (slab === undefined) this.kept += bytes.length;
    else if (slab.kept++ === 0) this.kept += SLAB;
  }

  /** `piece` is not kept any more. */
  leave({ bytes, slab }: Piece): void {
    if (slab === undefined) this.kept -= bytes.length;
    else if (--slab.kept === 0) this.kept -= SLAB;
  }

  /** Nothing needs `piece` any more. @param isFree whether no connection refers to it */
  give({ bytes, slab }: Piece, isFree: boolean): void {
    if (slab === undefined) {
      this.bytes -= bytes.length;
      return;
    }
    slab.isSpoilt ||= !isFree;
    slab.pieces--;
    if (slab.pieces === 0 && slab !== this.#current) this.#retire(slab);
  }

  #withRoom(size: number): Slab {
    const full = this.#current;
    if (full !== undefined && full.end + size <= SLAB) return full;
    const slab = this.#free.pop() ?? newSlab();
    slab.end = 0;
    this.#current = slab;
    this.bytes += SLAB;
    if (full?.pieces === 0) this.#retire(full);
    return slab;
  }

  #retire(slab: Slab): void {
    this.bytes -= SLAB;
    if (!slab.isSpoilt && this.#free.length < MOST_FREE) this.#free.push(slab);
  }
}

function newSlab(): Slab {
  return { bytes: Buffer.allocUnsafeSlow(SLAB), end: 0, pieces: 0, kept: 0, isSpoilt: false };
}
