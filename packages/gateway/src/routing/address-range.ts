import type { Network } from "@postern/net";

/** The addresses of a network, as numbers. */
export interface AddressRange {
  readonly version: 4 | 6;
  readonly first: bigint;
  readonly last: bigint;
}

export const ALL_ADDRESSES: readonly AddressRange[] = [
  { version: 4, first: 0n, last: (1n << 32n) - 1n },
  { version: 6, first: 0n, last: (1n << 128n) - 1n },
];

export function addressRange({ version, address, bits }: Network): AddressRange {
  const size = 1n << BigInt((version === 4 ? 32 : 128) - bits);
  const number = version === 4 ? numberOf(address.split("."), 8n, 10) : numberOf(groupsOf(address), 16n, 16);
  const first = number - (number % size);
  return { version, first, last: first + size - 1n };
}

/** The addresses in both of two networks. Networks are nested or disjoint. */
export function sharedRange(one: AddressRange, other: AddressRange): AddressRange | undefined {
  if (contains(one, other)) return other;
  return contains(other, one) ? one : undefined;
}

function contains(outer: AddressRange, inner: AddressRange): boolean {
  return outer.version === inner.version && outer.first <= inner.first && inner.last <= outer.last;
}

/** Whether `inner` is a part of `outer`, but not all of it. */
export function isPart(inner: AddressRange, outer: AddressRange): boolean {
  return contains(outer, inner) && !contains(inner, outer);
}

/** An address of `range` that is in none of the networks that are parts of it; undefined if they cover it. */
export function addressOutside(range: AddressRange, networks: readonly AddressRange[]): string | undefined {
  const inner = networks.filter((network) => isPart(network, range));
  inner.sort((one, other) => (one.first < other.first ? -1 : one.first > other.first ? 1 : 0));
  let next = range.first;
  for (const { first, last } of inner) {
    if (first > next) break;
    if (last >= next) next = last + 1n;
  }
  return next > range.last ? undefined : addressText(range.version, next);
}

function addressText(version: 4 | 6, number: bigint): string {
  const [count, bits, radix, separator] = version === 4 ? ([4, 8n, 10, "."] as const) : ([8, 16n, 16, ":"] as const);
  const parts = Array.from({ length: count }, (_, n) => (number >> (bits * BigInt(count - 1 - n))) % (1n << bits));
  const text = parts.map((part) => part.toString(radix)).join(separator);
  return version === 4 ? text : new URL(`http://[${text}]`).hostname.slice(1, -1);
}

function numberOf(parts: readonly string[], bits: bigint, radix: number): bigint {
  return parts.reduce((number, part) => (number << bits) + BigInt(parseInt(part, radix)), 0n);
}

/** The eight groups of an IPv6 address. */
function groupsOf(address: string): string[] {
  // A URL writes an IPv4 address at the end as two groups.
  const [head = "", tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const first = head === "" ? [] : head.split(":");
  if (tail === undefined) return first;
  const last = tail === "" ? [] : tail.split(":");
  return [...first, ...Array.from({ length: 8 - first.length - last.length }, () => "0"), ...last];
}
