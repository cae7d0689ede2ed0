/** Limits the requests that are listed one by one; further requests of the same second are only counted. */
export class ListingQuota {
  readonly #perSecond: number;
  /** Requests of this second. */
  #count = 0;
  #second = 0;

  /** @param perSecond the number of requests that are listed in a second. */
  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** Whether a request that ended at `time` (milliseconds) is listed. Call it once for each request. */
  takes(time: number): boolean {
    const second = Math.floor(time / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#count = 0;
    }
    return ++this.#count <= this.#perSecond;
  }
}
