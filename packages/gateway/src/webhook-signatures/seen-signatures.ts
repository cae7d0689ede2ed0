import { keepNewest } from "@postern/net";

/** Signatures that are known of one route. */
const MOST = 10_000;

/** The signatures that have been used, until they are too old anyway. If there are too many, the first are forgotten. */
export class SeenSignatures {
  /** Until when, by digest. */
  readonly #seen = new Map<string, number>();

  get size(): number {
    return this.#seen.size;
  }

  /** @param until milliseconds of Unix time @returns false if it has been used before */
  use(digest: string, until: number, now: number): boolean {
    for (const [oldest, end] of this.#seen) {
      if (end >= now) break;
      this.#seen.delete(oldest);
    }
    if (this.#seen.has(digest)) return false;
    this.#seen.set(digest, until);
    keepNewest(this.#seen, MOST);
    return true;
  }
}
