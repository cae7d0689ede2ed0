import { isIP } from "node:net";
import { ipv4Text, readAddress, type AddressWords } from "./ip-address.js";
import { isMapped } from "./unmapped.js";

/** All IP addresses whose first `bits` bits are those of `address`. */
export interface Network {
  readonly version: 4 | 6;
  readonly address: string;
  readonly bits: number;
}

/**
 * Reads an IP address, or a network as `address/bits`; undefined when it is neither. IPv4 networks in IPv4-mapped form
 * (`::ffff:192.0.2.0/120`) are IPv4 networks.
 */
export function parseNetwork(text: string): Network | undefined {
  const [address = "", bits, ...rest] = text.split("/");
  // Zones (`%eth0`) are local to one machine.
  if (isIP(address) === 0 || address.includes("%") || rest.length > 0) return undefined;
  const version = isIP(address) === 6 ? 6 : 4;
  const width = version === 6 ? 128 : 32;
  if (bits !== undefined && (!/^[0-9]{1,3}$/.test(bits) || Number(bits) > width)) return undefined;
  const network = { version, address, bits: Number(bits ?? width) } as const;
  return version === 6 ? unmappedNetwork(network) : network;
}

function unmappedNetwork(network: Network): Network {
  const words: AddressWords = new Uint32Array(4);
  readAddress(network.address, words);
  if (network.bits < 96 || !isMapped(words)) return network;
  return { version: 4, address: ipv4Text(words[3]!), bits: network.bits - 96 };
}

/** The address that is looked up. */
const WORDS: AddressWords = new Uint32Array(4);

/** A set of IP addresses and networks. A look-up among 100,000 takes less than a microsecond. */
export class NetworkList {
  // A set of its own for each family: `::/0` does not contain IPv4 addresses.
  readonly #ipv4: SortedRanges;
  readonly #ipv6: SortedRanges;

  constructor(networks: readonly Network[]) {
    this.#ipv4 = new SortedRanges(1, networks.filter(({ version }) => version === 4).map(rangeOf));
    this.#ipv6 = new SortedRanges(4, networks.filter(({ version }) => version === 6).map(rangeOf));
  }

  /** Whether an address is in the set; false for a text that is not an IP address. */
  has(address: string): boolean {
    if (this.#ipv4.size === 0 && this.#ipv6.size === 0) return false;
    const version = readAddress(address, WORDS);
    if (version === 0) return false;
    return version === 4 ? this.#ipv4.has(WORDS) : this.#ipv6.has(WORDS);
  }
}

/** The first and the last address of a network. */
interface Range {
  readonly first: AddressWords;
  readonly last: AddressWords;
}

function rangeOf({ address, bits, version }: Network): Range {
  const first: AddressWords = new Uint32Array(version === 4 ? 1 : 4);
  readAddress(address, first);
  const last = first.slice();
  for (let n = 0; n < first.length; n++) {
    const own = Math.min(32, Math.max(0, bits - 32 * n));
    const mask = own === 0 ? 0 : (0xffff_ffff << (32 - own)) >>> 0;
    first[n] = (first[n]! & mask) >>> 0;
    last[n] = (last[n]! | ~mask) >>> 0;
  }
  return { first, last };
}

/** Disjoint ranges of addresses of one width, in ascending order. */
class SortedRanges {
  readonly size: number;
  readonly #width: number;
  /** The words of the first address of each range, then of the next range … */
  readonly #firsts: AddressWords;
  readonly #lasts: AddressWords;

  /** @param width words of an address */
  constructor(width: number, ranges: Range[]) {
    // Networks are nested or disjoint, so the outer one of two comes first, or they are the same.
    ranges.sort((one, other) => compare(one.first, 0, other.first, width) || compare(other.last, 0, one.last, width));
    const kept: Range[] = [];
    for (const range of ranges) {
      const outer = kept.at(-1);
      if (outer === undefined || compare(range.first, 0, outer.last, width) > 0) kept.push(range);
    }
    this.size = kept.length;
    this.#width = width;
    this.#firsts = new Uint32Array(kept.length * width);
    this.#lasts = new Uint32Array(kept.length * width);
    kept.forEach(({ first, last }, n) => {
      this.#firsts.set(first, n * width);
      this.#lasts.set(last, n * width);
    });
  }

  has(address: AddressWords): boolean {
    const width = this.#width;
    let low = 0;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compare(this.#firsts, middle * width, address, width) <= 0) low = middle + 1;
      else high = middle;
    }
    return low > 0 && compare(this.#lasts, (low - 1) * width, address, width) >= 0;
  }
}

/** Compares the address at `at` with another one. */
function compare(words: AddressWords, at: number, other: AddressWords, width: number): number {
  for (let n = 0; n < width; n++) {
    const difference = words[at + n]! - other[n]!;
    if (difference !== 0) return difference;
  }
  return 0;
}
