import { readAddress } from "@postern/net";

/** The bits of the address of the current request. */
const WORDS = new Uint32Array(4);

/**
 * The key of a visitor with an IP address. An IPv6 network has 2⁶⁴ addresses for each host, so all addresses with the
 * same 64 bits are one visitor.
 */
export function visitorKey(address: string): string {
  if (!address.includes(":") || readAddress(address, WORDS) !== 6) return address;
  return `${WORDS[0]!.toString(36)}:${WORDS[1]!.toString(36)}`;
}
