/**
 * A 32-bit hash of a text: FNV-1a over its code units, and then well mixed.
 * @param seed another one, unknown to others, where they could choose texts with the same hash. Default: that of FNV
 */
export function hashOf(text: string, seed = 0x811c9dc5): number {
  let hash = seed;
  for (let n = 0; n < text.length; n++) hash = Math.imul(hash ^ text.charCodeAt(n), 0x01000193);
  return mixed(hash);
}

/** Spreads the bits of a number over all 32 bits: the last steps of MurmurHash3. The result is not negative. */
export function mixed(bits: number): number {
  let hash = bits;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
