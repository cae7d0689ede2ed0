/** The servers of an endpoint: the first is where it belongs, the others are there for when that is away. */
export class ServerOrder {
  readonly all: readonly URL[];
  #at = 0;

  /** @param all at least one. */
  constructor(all: readonly URL[]) {
    this.all = all;
  }

  get current(): URL {
    return this.all[this.#at] as URL;
  }

  get home(): URL {
    return this.all[0] as URL;
  }

  get isHome(): boolean {
    return this.#at === 0;
  }

  /** The current one cannot be had. Turns to the next; returns false when all have been tried, and begins anew with the first. */
  next(): boolean {
    this.#at = (this.#at + 1) % this.all.length;
    return this.#at !== 0;
  }

  goHome(): void {
    this.#at = 0;
  }
}
