import { isIPv6 } from "node:net";

/** The bits of an IP address: those of an IPv4 address in the first word, those of an IPv6 address in four. */
export type AddressWords = Uint32Array;

const [DOT, COLON, ZERO] = [0x2e, 0x3a, 0x30];

/**
 * Reads an IP address.
 * @param words receives its bits
 * @returns its version; 0 for a text that is not an IP address, or an IPv6 address with a zone (`%eth0`)
 */
export function readAddress(text: string, words: AddressWords): 4 | 6 | 0 {
  const number = ipv4(text, 0);
  if (number >= 0) {
    words[0] = number;
    return 4;
  }
  return isIPv6(text) && readIpv6(text, words) ? 6 : 0;
}

/** The number of a dotted IPv4 address from `start` to the end of `text`; -1 when it is none. */
function ipv4(text: string, start: number): number {
  let number = 0;
  let part = -1;
  let parts = 0;
  for (let at = start; at <= text.length; at++) {
    const code = at === text.length ? DOT : text.charCodeAt(at);
    if (code === DOT) {
      if (part < 0) return -1;
      number = number * 256 + part;
      part = -1;
      parts++;
    } else if (code >= ZERO && code <= ZERO + 9 && part !== 0) {
      part = (part < 0 ? 0 : part * 10) + code - ZERO;
      if (part > 255) return -1;
    } else return -1;
  }
  return parts === 4 ? number : -1;
}

/** @param text a valid IPv6 address, perhaps with a zone */
function readIpv6(text: string, words: AddressWords): boolean {
  words.fill(0);
  /** The next group, and the one at which `::` stands. */
  let group = 0;
  let gap = -1;
  let value = 0;
  let digits = 0;
  let groupStart = 0;
  for (let at = 0; at <= text.length; at++) {
    const code = at === text.length ? COLON : text.charCodeAt(at);
    if (code === DOT) {
      const number = ipv4(text, groupStart);
      if (number < 0) return false;
      setGroup(words, group++, number >>> 16);
      setGroup(words, group++, number & 0xffff);
      digits = 0;
      break;
    }
    if (code === COLON) {
      if (digits > 0) setGroup(words, group++, value);
      if (at < text.length && text.charCodeAt(at + 1) === COLON) gap = group;
      value = digits = 0;
      groupStart = at + 1;
      continue;
    }
    const digit = parseInt(text[at]!, 16);
    if (Number.isNaN(digit)) return false;
    value = value * 16 + digit;
    digits++;
  }
  if (gap >= 0) moveToEnd(words, gap, group);
  return true;
}

function groupOf(words: AddressWords, index: number): number {
  const word = words[index >> 1]!;
  return (index & 1) === 0 ? word >>> 16 : word & 0xffff;
}

function setGroup(words: AddressWords, index: number, value: number): void {
  const word = words[index >> 1]!;
  words[index >> 1] = (index & 1) === 0 ? ((value << 16) | (word & 0xffff)) >>> 0 : ((word & 0xffff0000) | value) >>> 0;
}

/** Moves the groups from `start` to `end` to the end of the address, and leaves zeros. */
function moveToEnd(words: AddressWords, start: number, end: number): void {
  for (let n = end - 1; n >= start; n--) {
    const value = groupOf(words, n);
    setGroup(words, n, 0);
    setGroup(words, n + 8 - end, value);
  }
}
