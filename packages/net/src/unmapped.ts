import { ipv4Text, readAddress, type AddressWords } from "./ip-address.js";

const WORDS: AddressWords = new Uint32Array(4);

/**
 * The plain form of an IPv4 address in IPv4-mapped form, however that is written (`::ffff:192.0.2.1`,
 * `0:0:0:0:0:ffff:c000:201`): dual-stack listeners report it so. Any other text stays as it is.
 */
export function unmapped(address: string): string {
  if (!address.includes(":") || readAddress(address, WORDS) !== 6) return address;
  return isMapped(WORDS) ? ipv4Text(WORDS[3]!) : address;
}

/** Whether the bits of an IPv6 address are those of an IPv4-mapped one (RFC 4291, section 2.5.5.2). */
export function isMapped(words: AddressWords): boolean {
  return words[0] === 0 && words[1] === 0 && words[2] === 0xffff;
}
