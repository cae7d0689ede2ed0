/** The bits of an IP address: those of an IPv4 address in the first word, those of an IPv6 address in four. */
export type AddressWords = Uint32Array;

const [DOT, COLON, ZERO, NINE, A, F] = [0x2e, 0x3a, 0x30, 0x39, 0x61, 0x66];
/** A bit that makes letters lower case, and leaves digits as they are. */
const LOWER = 0x20;
const GROUPS = 8;

/**
 * Reads an IP address.
 * @param words receives its bits
 * @returns its version; 0 for a text that is not an IP address, or an IPv6 address with a zone (`%eth0`)
 */
export function readAddress(text: string, words: AddressWords): 4 | 6 | 0 {
  const number = readIpv4(text, 0);
  if (number >= 0) {
    words[0] = number;
    return 4;
  }
  return readIpv6(text, words) ? 6 : 0;
}

/** The number of a dotted IPv4 address from `start` to the end of `text`; -1 when it is none. */
function readIpv4(text: string, start: number): number {
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
    } else if (code >= ZERO && code <= NINE && part !== 0) {
      part = (part < 0 ? 0 : part * 10) + code - ZERO;
      if (part > 255) return -1;
    } else return -1;
  }
  return parts === 4 ? number : -1;
}

/** The dotted form of an IPv4 address. @param bits the 32 bits of it */
export function ipv4Text(bits: number): string {
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 0xff).join(".");
}

/** Reads the form of RFC 4291, section 2.2. @returns false when `text` does not have it */
function readIpv6(text: string, words: AddressWords): boolean {
  words[0] = words[1] = words[2] = words[3] = 0;
  const { length } = text;
  let group = 0;
  /** The group before which `::` stands. */
  let gap = -1;
  let at = 0;
  if (text.charCodeAt(0) === COLON) {
    if (text.charCodeAt(1) !== COLON) return false;
    gap = 0;
    at = 2;
  }
  while (at < length) {
    if (group === GROUPS) return false;
    const start = at;
    let value = 0;
    for (; at < length; at++) {
      const digit = hexDigit(text.charCodeAt(at));
      if (digit < 0) break;
      value = value * 16 + digit;
    }
    if (at < length && text.charCodeAt(at) === DOT) {
      const number = readIpv4(text, start);
      if (number < 0 || group > GROUPS - 2) return false;
      setGroup(words, group++, number >>> 16);
      setGroup(words, group++, number & 0xffff);
      break;
    }
    if (at === start || at - start > 4) return false;
    setGroup(words, group++, value);
    if (at === length) break;
    if (text.charCodeAt(at++) !== COLON || at === length) return false;
    if (text.charCodeAt(at) !== COLON) continue;
    if (gap >= 0) return false;
    gap = group;
    at++;
  }
  if (gap < 0) return group === GROUPS;
  moveToEnd(words, gap, group);
  return group < GROUPS;
}

function hexDigit(code: number): number {
  if (code >= ZERO && code <= NINE) return code - ZERO;
  const letter = code | LOWER;
  return letter >= A && letter <= F ? letter - A + 10 : -1;
}

function groupOf(words: AddressWords, index: number): number {
  const word = words[index >> 1]!;
  return (index & 1) === 0 ? word >>> 16 : word & 0xffff;
}

function setGroup(words: AddressWords, index: number, value: number): void {
  const word = words[index >> 1]!;
  words[index >> 1] = (index & 1) === 0 ? (value << 16) | (word & 0xffff) : (word & 0xffff0000) | value;
}

/** Moves the groups from `start` to `end` to the end of the address, and leaves zeros. */
function moveToEnd(words: AddressWords, start: number, end: number): void {
  for (let n = end - 1; n >= start; n--) {
    const value = groupOf(words, n);
    setGroup(words, n, 0);
    setGroup(words, n + GROUPS - end, value);
  }
}
