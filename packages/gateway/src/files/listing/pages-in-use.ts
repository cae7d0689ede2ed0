import { LISTING_LIMITS } from "./folder-listing.js";

/** Pages of listings on their way to visitors. A page for several visitors counts once. */
export class PagesInUse {
  /** Bytes of all of them. */
  bytes = 0;
  readonly #most: number;
  /** The visitors of each page. */
  readonly #users = new Map<Buffer, number>();

  constructor(most: number) {
    this.#most = most;
  }

  /** A response uses `page` from now on, until `release`. @returns false if there is no memory for it */
  use(page: Buffer): boolean {
    const users = this.#users.get(page) ?? 0;
    if (users === 0) {
      if (this.bytes + page.length > this.#most) return false;
      this.bytes += page.length;
    }
    this.#users.set(page, users + 1);
    return true;
  }

  release(page: Buffer): void {
    const users = this.#users.get(page) ?? 0;
    if (users > 1) this.#users.set(page, users - 1);
    else if (this.#users.delete(page)) this.bytes -= page.length;
  }
}

/** Those of all folders. */
export const PAGES = new PagesInUse(LISTING_LIMITS.sent);
