import { LISTING_LIMITS, type FolderListing } from "./folder-listing.js";

/** Listings that are kept for the next requests, up to a number of bytes, and for a short time. */
export class KeptListings {
  /** Bytes of the listings that are kept. */
  bytes = 0;
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  /** @param forget called when the time is over @returns false if there is no memory for it */
  keep({ bytes }: FolderListing, milliseconds: number, forget: () => void): boolean {
    if (this.bytes + bytes > this.#most) return false;
    this.bytes += bytes;
    const end = (): void => {
      this.bytes -= bytes;
      forget();
    };
    setTimeout(end, milliseconds).unref();
    return true;
  }
}

/** Those of all folders. */
export const LISTINGS = new KeptListings(LISTING_LIMITS.kept);
