import type { LookedUp, LookUpReceiver } from "./disk/look-up-thread.js";
import type { NoEntry } from "./disk/open-entry.js";
import type { Piece } from "./disk/slabs.js";
import type { Waiting } from "./slots.js";
import type { Found } from "./found.js";
import type { Representation } from "./representation.js";

/** Who wants to know what is at a path. */
export interface LookUpWaiter {
  /** A content that is found is in use for the time of this call. It does not throw. */
  onFound(lookUp: PathLookUp, found: Found): void;
}

/** The root that looks a path up. */
export interface LookUpRoot {
  begin(lookUp: PathLookUp): void;
  takeRoom(lookUp: PathLookUp, size: number): Piece;
  /** @param found undefined: the thread cannot do it */
  onLookedUp(lookUp: PathLookUp, found: LookedUp | NoEntry | undefined): void;
}

/** The look-up of a path, for all who wait for it. It has no promise, because there are many. */
export class PathLookUp implements LookUpReceiver, Waiting {
  readonly path: string;
  readonly hash: number;
  /** The secrets that were known when it began. */
  readonly secrets: number;
  /** When the file began to be read, in milliseconds since 1970. */
  at = 0;
  /** The file that was there before. */
  known: Representation | undefined;
  /** Whether its file will be in the cache. */
  isKept = false;
  /** Only for PathLookUps. */
  next: PathLookUp | undefined;
  readonly #root: LookUpRoot;
  readonly #waiters: LookUpWaiter[] = [];

  constructor(root: LookUpRoot, path: string, hash: number, secrets: number) {
    this.#root = root;
    this.path = path;
    this.hash = hash;
    this.secrets = secrets;
  }

  add(waiter: LookUpWaiter): void {
    this.#waiters.push(waiter);
  }

  /** How many wait for the result. */
  get waiting(): number {
    return this.#waiters.length;
  }

  /** `waiter` waits no longer: on a disk that is stuck, those that have left would be kept until it responds. */
  remove(waiter: LookUpWaiter): void {
    const index = this.#waiters.lastIndexOf(waiter);
    if (index < 0) return;
    const last = this.#waiters.pop()!;
    if (index < this.#waiters.length) this.#waiters[index] = last;
  }

  begin(): void {
    this.#root.begin(this);
  }

  takeRoom(size: number): Piece {
    return this.#root.takeRoom(this, size);
  }

  onLookedUp(found: LookedUp | NoEntry | undefined): void {
    this.#root.onLookedUp(this, found);
  }

  /** The other way of looking reports the error. */
  onLookUpFailed(): void {
    this.#root.onLookedUp(this, undefined);
  }

  end(found: Found): void {
    for (const waiter of this.#waiters) waiter.onFound(this, found);
  }
}

/** A power of two. */
const BUCKETS = 256;

/**
 * Look-ups in progress, by path. A Map that gains and loses members all the time would leave garbage that refers to
 * later members, and V8 collects it late.
 */
export class PathLookUps {
  readonly #buckets = Array.from({ length: BUCKETS }, (): PathLookUp | undefined => undefined);

  /** @param secrets look-ups that began with other ones do not count */
  find(path: string, hash: number, secrets: number): PathLookUp | undefined {
    let each = this.#buckets[hash & (BUCKETS - 1)];
    while (each !== undefined && (each.hash !== hash || each.secrets !== secrets || each.path !== path))
      each = each.next;
    return each;
  }

  add(lookUp: PathLookUp): void {
    const bucket = lookUp.hash & (BUCKETS - 1);
    lookUp.next = this.#buckets[bucket];
    this.#buckets[bucket] = lookUp;
  }

  remove(lookUp: PathLookUp): void {
    const bucket = lookUp.hash & (BUCKETS - 1);
    let each = this.#buckets[bucket];
    if (each === lookUp) this.#buckets[bucket] = lookUp.next;
    else {
      while (each !== undefined && each.next !== lookUp) each = each.next;
      if (each !== undefined) each.next = lookUp.next;
    }
    lookUp.next = undefined;
  }
}
