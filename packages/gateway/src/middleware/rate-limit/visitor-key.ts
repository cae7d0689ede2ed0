import { readAddress } from "@postern/net";

/** The bits of the address of the current request. */
const WORDS = new Uint32Array(4);

/**
 * The key of a visitor with an IP address. An IPv6 network has 2⁶⁴ addresses for each host, so all addresses with the
 * same 64 bits are one visitor: its key has a character for each 16 of them.
 */
export function visitorKey(address: string): string {
  if (!address.includes(":")) return address;
  // The zone of a link-local address.
  const zone = address.indexOf("%");
  if (readAddress(zone < 0 ? address : address.slice(0, zone), WORDS) !== 6) return address;
  const [first, second] = [WORDS[0]!, WORDS[1]!];
  return String.fromCharCode(first >>> 16, first & 0xffff, second >>> 16, second & 0xffff);
}
