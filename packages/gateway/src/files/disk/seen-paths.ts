/** Paths that are remembered, about. Each needs four bytes. */
const PLACES = 8_192;
const PRIME = 16_777_619;

/** A hash of 32 bits (FNV-1a). @param seed another one for each owner of paths */
export function hashOf(path: string, seed: number): number {
  let hash = seed;
  for (let at = 0; at < path.length; at++) hash = Math.imul(hash ^ path.charCodeAt(at), PRIME);
  return hash ^ (hash >>> 15);
}

/**
 * Remembers which paths were looked up, until about as many others were as it has places. Two paths with the same hash
 * are taken for one, which does no harm where it decides only about what is kept in memory.
 */
export class SeenPaths {
  readonly #hashes: Int32Array;

  /** @param places a power of two */
  constructor(places = PLACES) {
    this.#hashes = new Int32Array(places);
  }

  /** Remembers a path. @returns whether it was remembered before */
  see(hash: number): boolean {
    const place = hash & (this.#hashes.length - 1);
    const isSeen = this.#hashes[place] === hash;
    this.#hashes[place] = hash;
    return isSeen;
  }
}
