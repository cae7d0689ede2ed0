import { KeptEntries } from "../shared-room/kept-entries.js";
import type { SharedRoom } from "../shared-room/shared-room.js";

/** Signatures that are known of one route. */
const MOST = 10_000;

/** Signatures that have been used, until they are too old anyway. If there are too many, the first are forgotten. */
export class SeenSignatures {
  /** Until when, by digest. */
  readonly #seen: KeptEntries<number>;

  /** @param room bounds the signatures of several tables together */
  constructor(room?: SharedRoom) {
    this.#seen = new KeptEntries({ most: MOST, room });
  }

  get size(): number {
    return this.#seen.size;
  }

  /** @param until milliseconds of Unix time @returns false if it has been used before */
  use(digest: string, until: number, now: number): boolean {
    const seen = this.#seen;
    while (seen.oldest !== undefined && seen.oldest < now) seen.forgetOldest();
    if (seen.get(digest) !== undefined) return false;
    seen.add(digest, until);
    return true;
  }

  /** The table is no longer used: it gives back its part of the room. */
  close(): void {
    this.#seen.close();
  }
}
