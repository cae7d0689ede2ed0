import { Linked, LinkedList } from "@postern/net";

/** Bytes that are allocated together, because V8 frees many small allocations late. */
const SLAB = 256 * 1024;
/** The largest piece of a slab. Larger ones get memory of their own. */
const LARGEST = 32 * 1024;
/** Sizes of pieces up to 256 bytes are multiples of it. Above, there are four sizes to each doubling. */
const STEP = 64;
/** Slabs that are kept although no piece of them is in use. */
const MOST_FREE = 8;

/** Memory of which several files have a piece. All pieces have the same size. */
class Slab extends Linked<Slab> {
  readonly bytes = Buffer.allocUnsafeSlow(SLAB);
  /** The slabs with room for pieces of this size. */
  home: LinkedList<Slab> | undefined;
  /** Bytes of a piece. */
  size = 0;
  /** Where the pieces that were given back begin. */
  readonly free: number[] = [];
  /** Where the pieces begin that nobody had. */
  end = 0;
  /** Pieces in use. */
  pieces = 0;
  /** Pieces that are kept. */
  kept = 0;
  /** Whether a connection may still refer to a piece that was given back. That piece is not used again. */
  isSpoilt = false;

  get hasRoom(): boolean {
    return this.free.length > 0 || this.end + this.size <= SLAB;
  }

  begin(home: LinkedList<Slab>, size: number): void {
    this.home = home;
    this.size = size;
    this.free.length = this.end = 0;
  }

  /** @param size of the content */
  take(size: number): Buffer {
    this.pieces++;
    let start = this.free.pop();
    if (start === undefined) {
      start = this.end;
      this.end += this.size;
    }
    return this.bytes.subarray(start, start + size);
  }

  give({ byteOffset }: Buffer, isFree: boolean): void {
    this.pieces--;
    if (isFree) this.free.push(byteOffset - this.bytes.byteOffset);
    else this.isSpoilt = true;
  }
}

/** Memory for one file. */
export interface Piece {
  readonly bytes: Buffer;
  /** Undefined: it has memory of its own. */
  readonly slab: Slab | undefined;
}

/** Slabs with room, by the size of their pieces. */
type Sizes = Map<number, LinkedList<Slab>>;

/** Memory for many small files, which is used again. */
export class Slabs {
  /** Bytes of the slabs with a piece in use, and of the pieces with memory of their own. */
  bytes = 0;
  /** Bytes of the slabs with a kept piece, and of the kept pieces with memory of their own. */
  kept = 0;
  readonly #mostLeft: number;
  readonly #lasting: Sizes = new Map();
  readonly #passing: Sizes = new Map();
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

  /** @param isLasting whether it will be kept. Others have slabs of their own, which are soon free again. */
  take(size: number, isLasting = true): Piece {
    if (size > LARGEST || this.isCrowded) {
      this.bytes += size;
      return { bytes: Buffer.allocUnsafeSlow(size), slab: undefined };
    }
    const slab = this.#withRoom(isLasting ? this.#lasting : this.#passing, pieceSize(size));
    const bytes = slab.take(size);
    if (!slab.hasRoom) slab.home!.remove(slab);
    return { bytes, slab };
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
    const hadRoom = slab.hasRoom;
    slab.give(bytes, isFree);
    if (slab.pieces === 0) this.#retire(slab, hadRoom);
    else if (!hadRoom && slab.hasRoom) slab.home!.add(slab);
  }

  /** The oldest slab is filled first, so that the others become free. */
  #withRoom(sizes: Sizes, size: number): Slab {
    let home = sizes.get(size);
    if (home === undefined) sizes.set(size, (home = new LinkedList()));
    if (home.oldest !== undefined) return home.oldest;
    const slab = this.#free.pop() ?? new Slab();
    slab.begin(home, size);
    home.add(slab);
    this.bytes += SLAB;
    return slab;
  }

  #retire(slab: Slab, isInHome: boolean): void {
    if (isInHome) slab.home!.remove(slab);
    this.bytes -= SLAB;
    if (!slab.isSpoilt && this.#free.length < MOST_FREE) this.#free.push(slab);
  }
}

/** The size of the piece for a content. At most a fifth of it stays unused, if it is not very small. */
function pieceSize(size: number): number {
  const doubling = 2 ** (31 - Math.clz32(Math.max(size - 1, 1)));
  const step = Math.max(doubling / 4, STEP);
  return Math.max(Math.ceil(size / step) * step, STEP);
}
