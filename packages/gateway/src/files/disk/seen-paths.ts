/** Paths that are remembered, about. Each needs four bytes. */
const PLACES = 8_192;

/** The bits of a place that count how often its path was seen. The others are those of its hash. */
const COUNT = 3;

/**
 * Remembers how often paths were looked up, until about as many others were as it has places. Two paths with the same
 * hash are taken for one, which does no harm where it decides only about what is kept in memory.
 */
export class SeenPaths {
  readonly #places: Int32Array;

  /** @param places a power of two, at least four */
  constructor(places = PLACES) {
    this.#places = new Int32Array(places);
  }

  /**
   * Remembers the path with a hash of 32 bits.
   * @returns how often it was seen before, as far as that is remembered: at most three times
   */
  see(hash: number): number {
    const place = hash & (this.#places.length - 1);
    const seen = this.#places[place]!;
    const times = (seen & ~COUNT) === (hash & ~COUNT) ? seen & COUNT : 0;
    this.#places[place] = (hash & ~COUNT) | Math.min(times + 1, COUNT);
    return times;
  }
}
