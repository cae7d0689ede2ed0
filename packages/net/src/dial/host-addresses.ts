import { lookup as systemLookup } from "node:dns/promises";
import { isIP } from "node:net";

/** Every address of a name, in the order of the system's preference. */
export type Lookup = (host: string) => Promise<readonly string[]>;

/** Names below localhost are this machine: not every resolver knows them (RFC 6761, section 6.3). In the order in which they are tried. */
export const LOOPBACK_ADDRESSES = ["127.0.0.1", "::1"] as const;

export function isLoopbackName(host: string): boolean {
  return /(^|\.)localhost\.?$/.test(host);
}

/**
 * The addresses of `host`, in the order in which they are to be tried: the families take turns, so that one that leads nowhere costs
 * little (RFC 8305, section 4). Asked anew each time.
 * @throws Error of node:dns.
 */
export async function hostAddresses(host: string, lookup: Lookup = systemAddresses): Promise<readonly string[]> {
  if (isIP(host) > 0) return [host];
  if (isLoopbackName(host)) return LOOPBACK_ADDRESSES;
  return interleaved(await lookup(host));
}

/** As the system resolves names, /etc/hosts included. Node keeps nothing of it. */
async function systemAddresses(host: string): Promise<string[]> {
  const found = await systemLookup(host, { all: true, order: "verbatim" });
  return found.map(({ address }) => address);
}

function interleaved(addresses: readonly string[]): string[] {
  const distinct = [...new Set(addresses)];
  const first = isIP(distinct[0] ?? "");
  const ours = distinct.filter((address) => isIP(address) === first);
  const others = distinct.filter((address) => isIP(address) !== first);
  const length = Math.max(ours.length, others.length);
  const turns = Array.from({ length }, (_, index) => [ours[index], others[index]]);
  return turns.flat().filter((address) => address !== undefined);
}
