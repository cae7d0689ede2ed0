import { BlockList, isIP } from "node:net";

/** Where a connection is to go. */
interface Destination {
  /** A name or an IP address, without brackets. */
  host: string;
  port: number;
}

/**
 * Whether NO_PROXY exempts a destination, by the rules of curl: entries are separated by commas or spaces; a name means itself and what
 * is below it, with a leading dot or without; an IP address itself, `10.0.0.0/8` a network, `*` everything. With `:port` behind it,
 * an entry is about that port alone. Names are not resolved for it.
 */
export function isExempt({ host, port }: Destination, noProxy: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, "");
  return noProxy
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== "")
    .map(entryOf)
    .some((entry) => (entry.port === undefined || entry.port === port) && isMeant(name, entry.what));
}

function entryOf(text: string): { what: string; port: number | undefined } {
  const { bracketed, plain, port } = PORTED.exec(text)?.groups ?? {};
  const what = bracketed ?? plain;
  if (what === undefined) return { what: text.replace(/^\[(.*)\]$/, "$1"), port: undefined };
  return { what, port: Number(port) };
}

/** An IPv6 address without brackets has no port behind it. */
const PORTED = /^(?:\[(?<bracketed>[^\]]*)\]|(?<plain>[^:]*)):(?<port>\d{1,5})$/;

function isMeant(name: string, what: string): boolean {
  if (what === "*") return true;
  const family = isIP(name);
  if (family > 0) return isWithin(name, family, what);
  const domain = what.replace(/^(\*?\.)?/, "").replace(/\.$/, "");
  return domain !== "" && (name === domain || name.endsWith(`.${domain}`));
}

function isWithin(address: string, family: number, what: string): boolean {
  const [base = "", prefix, ...more] = what.split("/");
  const kind = isIP(base);
  const longest = kind === 4 ? 32 : 128;
  const bits = prefix === undefined ? longest : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Infinity;
  if (kind === 0 || bits > longest || more.length > 0) return false;
  const network = new BlockList();
  network.addSubnet(base, bits, kind === 4 ? "ipv4" : "ipv6");
  return network.check(address, family === 4 ? "ipv4" : "ipv6");
}
