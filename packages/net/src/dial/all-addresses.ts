import { Resolver } from "node:dns/promises";
import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { isLoopbackName, LOOPBACK_ADDRESSES, systemAddresses } from "./host-addresses.js";

/** All addresses of a name, and for how long they are valid. */
export interface Resolution {
  readonly addresses: readonly string[];
  /** In seconds. */
  readonly ttl: number;
}

/** Answers queries for the address records of a name. */
export interface RecordSource {
  resolve4(host: string, options: { ttl: true }): Promise<{ address: string; ttl: number }[]>;
  resolve6(host: string, options: { ttl: true }): Promise<{ address: string; ttl: number }[]>;
}

export interface AllAddressesOptions {
  /** The text of the hosts file. Default: that of this machine. */
  hosts?: () => Promise<string>;
  /** Default: the DNS servers of this machine. */
  records?: RecordSource;
  /** Resolves a name without records, for instance one that needs a search domain. Default: the system's resolver. */
  lookup?: (host: string) => Promise<readonly string[]>;
}

/** Seconds for which addresses are valid that come from elsewhere than DNS. */
const WITHOUT_TTL = 30;
/** The bounds of a TTL, in seconds. */
const SHORTEST = 1;
const LONGEST = 3_600;

/**
 * Resolves `host` to the addresses in the hosts file, or else to its A and AAAA records with their shortest TTL, or
 * else to what the system's resolver returns.
 * @throws Error of node:dns when there is none.
 */
export async function allAddresses(host: string, options: AllAddressesOptions = {}): Promise<Resolution> {
  if (isIP(host) > 0) return { addresses: [host], ttl: LONGEST };
  if (isLoopbackName(host)) return { addresses: LOOPBACK_ADDRESSES, ttl: LONGEST };
  const { hosts = readHosts, records = new Resolver(), lookup = systemAddresses } = options;
  const known = addressesIn(await hosts(), host);
  if (known.length > 0) return { addresses: known, ttl: WITHOUT_TTL };
  const answers = await Promise.allSettled([
    records.resolve4(host, { ttl: true }),
    records.resolve6(host, { ttl: true }),
  ]);
  const found = answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
  if (found.length === 0) return { addresses: distinct(await lookup(host)), ttl: WITHOUT_TTL };
  const ttl = Math.min(LONGEST, ...found.map((record) => record.ttl));
  return { addresses: distinct(found.map(({ address }) => address)), ttl: Math.max(SHORTEST, ttl) };
}

async function readHosts(): Promise<string> {
  return readFile("/etc/hosts", "utf8").catch(() => "");
}

/** The addresses of `host` in a hosts file. */
function addressesIn(hosts: string, host: string): string[] {
  const name = host.toLowerCase().replace(/\.$/, "");
  const lines = hosts.split("\n").map((line) => line.replace(/#.*/, "").trim().split(/\s+/));
  const addresses = lines.filter(([, ...names]) => names.some((each) => each.toLowerCase() === name));
  return distinct(addresses.map(([address = ""]) => address).filter((address) => isIP(address) > 0));
}

/** In an order that does not depend on that of the answer. */
function distinct(addresses: readonly string[]): string[] {
  return [...new Set(addresses)].toSorted();
}
