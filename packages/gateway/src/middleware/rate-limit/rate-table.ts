import type { RoomShare, SharedRoom } from "../../shared-room/shared-room.js";

/** The limits on the requests of one key. */
export interface Rate {
  /** Milliseconds from one request to the next, on average. Infinity: only `concurrent` counts. */
  readonly interval: number;
  /** Requests that may come at once. */
  readonly burst: number;
  /** Requests in progress at the same time. Default: any number. */
  readonly concurrent?: number | undefined;
}

/** Keys with requests in the last time. */
export const RATE_LIMITS = { keys: 100_000 } as const;

/** How many keys are looked at when the table is full and a new key needs room, and when it is not full. */
const [MOST_LOOKED_AT, USUALLY_LOOKED_AT] = [256, 2];
/** How long a key with requests in progress is kept at least before it is looked at again, in milliseconds. */
const LATER = 1_000;
/** Rounding errors of a sum of intervals, in milliseconds. */
const ROUNDING = 1e-3;

/** The requests of one key. */
export class RateEntry {
  /**
   * The theoretical arrival time: when a key that sends at the average rate would send its next request. The key is as
   * good as new when it has passed.
   */
  nextAt = 0;
  inProgress = 0;
  readonly key: string;

  constructor(key: string) {
    this.key = key;
  }

  /** A request that was counted as in progress is over. */
  release(): void {
    this.inProgress--;
  }
}

/**
 * Counts requests by key with the generic cell rate algorithm (GCRA): one number for each key, and no timer. The table
 * is bounded. When it is full, the key that is closest to having its whole burst again makes room, so that a flood of
 * new keys gives no request to a key that has used up its limit.
 */
export class RateTable {
  readonly #most: number;
  #share: RoomShare | undefined;
  #lastNow = 0;
  readonly #entries = new Map<string, RateEntry>();
  /**
   * A binary heap by `#dueAt`, the earliest first: when a key was due at the time at which it was last looked at. Keys
   * become due later with each request, and are moved only when they are at the front.
   */
  readonly #heap: RateEntry[] = [];
  readonly #dueAt: number[] = [];

  /**
   * @param most maximum number of keys
   * @param room bounds the keys of several tables together
   */
  constructor(most: number = RATE_LIMITS.keys, room?: SharedRoom) {
    this.#most = most;
    this.#share = room?.share(() => this.#makeRoom());
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The entry of a key; undefined if it has none. */
  find(key: string): RateEntry | undefined {
    return this.#entries.get(key);
  }

  /**
   * The entry of a key, a new one if necessary.
   * @param interval that of its rate
   * @returns undefined if there is no room, because too many other keys have requests in progress
   */
  entry(key: string, now: number, interval: number): RateEntry | undefined {
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    this.#lastNow = now;
    const isFull = this.#entries.size >= this.#most;
    this.#removeDue(now, isFull ? MOST_LOOKED_AT : USUALLY_LOOKED_AT);
    if (isFull && this.#entries.size >= this.#most && !this.#removeFirst()) return undefined;
    if (this.#share?.add() === false) return undefined;
    const entry = new RateEntry(key);
    this.#entries.set(key, entry);
    this.#push(entry, now + interval);
    return entry;
  }

  /** The table is no longer used: it gives back its part of the room. */
  close(): void {
    this.#share?.close();
    this.#share = undefined;
  }

  /** @returns whether a key made room */
  #makeRoom(): boolean {
    const { size } = this;
    this.#removeDue(this.#lastNow, MOST_LOOKED_AT);
    return this.size < size || this.#removeFirst();
  }

  /**
   * Removes keys that are as good as new. Of a full table, this brings a key to the front that makes room.
   * @param most how many keys are looked at. A request makes at most one key's time in the heap too early.
   */
  #removeDue(now: number, most: number): void {
    for (let n = 0; n < most && this.#heap.length > 0; n++) {
      const entry = this.#heap[0]!;
      const due = entry.inProgress > 0 ? Math.max(entry.nextAt, now + LATER) : entry.nextAt;
      if (due > this.#dueAt[0]!) this.#sink(entry, due);
      else if (due <= now) this.#removeFirst();
      else return;
    }
  }

  /** @returns false if the first key has requests in progress */
  #removeFirst(): boolean {
    const entry = this.#heap[0];
    if (entry === undefined || entry.inProgress > 0) return false;
    this.#entries.delete(entry.key);
    this.#share?.remove();
    this.#pop();
    return true;
  }

  #push(entry: RateEntry, due: number): void {
    const [heap, dueAt] = [this.#heap, this.#dueAt];
    let at = heap.length;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (dueAt[above]! <= due) break;
      heap[at] = heap[above]!;
      dueAt[at] = dueAt[above]!;
      at = above;
    }
    heap[at] = entry;
    dueAt[at] = due;
  }

  #pop(): void {
    const last = this.#heap.pop()!;
    const due = this.#dueAt.pop()!;
    if (this.#heap.length > 0) this.#sink(last, due);
  }

  /** Puts `entry` in the place of the first one, or below. */
  #sink(entry: RateEntry, due: number): void {
    const [heap, dueAt] = [this.#heap, this.#dueAt];
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && dueAt[below + 1]! < dueAt[below]!) below++;
      if (dueAt[below]! >= due) break;
      heap[at] = heap[below]!;
      dueAt[at] = dueAt[below]!;
      at = below;
    }
    heap[at] = entry;
    dueAt[at] = due;
  }
}

/** Milliseconds after which the next request of `entry` is within the rate; 0: it is now. */
export function waitOf({ nextAt }: RateEntry, { interval, burst }: Rate, now: number): number {
  const wait = Math.max(nextAt, now) - now - (burst - 1) * interval;
  return wait > ROUNDING ? wait : 0;
}

/** Counts a request of `entry`. */
export function countRequest(entry: RateEntry, { interval, concurrent }: Rate, now: number): void {
  entry.nextAt = Math.max(entry.nextAt, now) + interval;
  if (concurrent !== undefined) entry.inProgress++;
}
