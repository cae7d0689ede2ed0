/** Signatures that are known of one route. */
const MOST = 10_000;

/** A part of the memory of several tables, which `share` opens. */
interface Room {
  share(forget: () => boolean): { add(): boolean; remove(): void; close(): void };
}

/** Signatures that have been used, until they are too old anyway. If there are too many, the first are forgotten. */
export class SeenSignatures {
  /** Until when, by digest. */
  readonly #seen = new Map<string, number>();
  #share: ReturnType<Room["share"]> | undefined;

  /** @param room bounds the signatures of several tables together */
  constructor(room?: Room) {
    this.#share = room?.share(() => this.#forgetOldest());
  }

  get size(): number {
    return this.#seen.size;
  }

  /** @param until milliseconds of Unix time @returns false if it has been used before */
  use(digest: string, until: number, now: number): boolean {
    for (const [, end] of this.#seen) {
      if (end >= now) break;
      this.#forgetOldest();
    }
    if (this.#seen.has(digest)) return false;
    if (this.#share?.add() === false) return true;
    this.#seen.set(digest, until);
    if (this.#seen.size > MOST) this.#forgetOldest();
    return true;
  }

  /** The table is no longer used: it gives back its part of the room. */
  close(): void {
    this.#share?.close();
    this.#share = undefined;
  }

  #forgetOldest(): boolean {
    const [oldest] = this.#seen.keys();
    if (oldest === undefined) return false;
    this.#seen.delete(oldest);
    this.#share?.remove();
    return true;
  }
}
