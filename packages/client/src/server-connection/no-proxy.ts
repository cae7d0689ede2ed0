import { BlockList, isIP } from "node:net";

/** The destination of a connection. */
interface Destination {
  /** A name or an IP address, without brackets. */
  host: string;
  port: number;
}

/**
 * Whether NO_PROXY exempts a destination, by the rules of curl. Entries are separated by commas or spaces. A name, with
 * or without a leading dot, matches itself and its subdomains. An IP address matches itself, `10.0.0.0/8` matches a
 * network, and `*` matches everything. An entry with `:port` matches only that port. Names are not resolved.
 */
export function isExempt({ host, port }: Destination, noProxy: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, "");
  return noProxy
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== "")
    .map(entryOf)
    .some((entry) => (entry.port === undefined || entry.port === port) && isMatch(name, entry.pattern));
}

function entryOf(text: string): { pattern: string; port: number | undefined } {
  const { bracketed, plain, port } = PORTED.exec(text)?.groups ?? {};
  const pattern = bracketed ?? plain;
  if (pattern === undefined) return { pattern: text.replace(/^\[(.*)\]$/, "$1"), port: undefined };
  return { pattern, port: Number(port) };
}

/** An entry with a port. An IPv6 address without brackets cannot have one. */
const PORTED = /^(?:\[(?<bracketed>[^\]]*)\]|(?<plain>[^:]*)):(?<port>\d{1,5})$/;

function isMatch(name: string, pattern: string): boolean {
  if (pattern === "*") return true;
  const family = isIP(name);
  if (family > 0) return isWithin(name, family, pattern);
  const domain = pattern.replace(/^(\*?\.)?/, "").replace(/\.$/, "");
  return domain !== "" && (name === domain || name.endsWith(`.${domain}`));
}

function isWithin(address: string, family: number, network: string): boolean {
  const [base = "", prefix, ...more] = network.split("/");
  const kind = isIP(base);
  const longest = kind === 4 ? 32 : 128;
  const bits = prefix === undefined ? longest : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Infinity;
  if (kind === 0 || bits > longest || more.length > 0) return false;
  const list = new BlockList();
  list.addSubnet(base, bits, kind === 4 ? "ipv4" : "ipv6");
  return list.check(address, family === 4 ? "ipv4" : "ipv6");
}
