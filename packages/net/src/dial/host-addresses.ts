import { lookup as systemLookup } from "node:dns/promises";
import { isIP } from "node:net";

/** Resolves a name to all its addresses, in the system's order of preference. */
export type Lookup = (host: string) => Promise<readonly string[]>;

/**
 * The addresses of localhost and its subdomains, in the order of the attempts. Not every resolver knows these names
 * (RFC 6761, section 6.3).
 */
export const LOOPBACK_ADDRESSES = ["127.0.0.1", "::1"] as const;

export function isLoopbackName(host: string): boolean {
  return /(^|\.)localhost\.?$/.test(host);
}

/**
 * The addresses of `host`, in the order of the attempts. The families alternate, so that a family without a route costs
 * little time (RFC 8305, section 4). Nothing is cached.
 * @throws Error of node:dns.
 */
export async function hostAddresses(host: string, lookup: Lookup = systemAddresses): Promise<readonly string[]> {
  if (isIP(host) > 0) return [host];
  if (isLoopbackName(host)) return LOOPBACK_ADDRESSES;
  return interleaved(await lookup(host));
}

/** The system's resolver, /etc/hosts included. Node does not cache its results. */
export async function systemAddresses(host: string): Promise<string[]> {
  const found = await systemLookup(host, { all: true, order: "verbatim" });
  return found.map(({ address }) => address);
}

function interleaved(addresses: readonly string[]): string[] {
  const distinct = [...new Set(addresses)];
  const first = isIP(distinct[0] ?? "");
  const preferred = distinct.filter((address) => isIP(address) === first);
  const others = distinct.filter((address) => isIP(address) !== first);
  const length = Math.max(preferred.length, others.length);
  const pairs = Array.from({ length }, (_, index) => [preferred[index], others[index]]);
  return pairs.flat().filter((address) => address !== undefined);
}
