import { equalsText, textOf } from "../http/latin1.js";
import { EQUALS, HTAB, SEMICOLON, SP } from "../http/octet.js";

const NAME = "domain";
/** Browsers ignore longer values of attributes (draft-ietf-httpbis-rfc6265bis, section 5.6). */
const LONGEST_VALUE = 1_024;

/**
 * The value of the Domain attribute in a Set-Cookie field; empty if there is none. As in RFC 6265, section 5.2: the
 * last Domain counts, an empty one is ignored, and its name is matched in any case. The cookie's own name and value do
 * not matter, because browsers also accept cookies without a name.
 * @param start position of the field's value in `bytes`; it ends before `end`
 */
export function cookieDomain(bytes: Buffer, start: number, end: number): string {
  let domainStart = 0;
  let domainEnd = 0;
  let next = attributeEnd(bytes, start, end);
  while (next < end) {
    const nameStart = skipSpace(bytes, next + 1, end);
    next = attributeEnd(bytes, next + 1, end);
    const nameEnd = nameStart + NAME.length;
    if (nameEnd >= next || !equalsText(bytes, nameStart, nameEnd, NAME)) continue;
    const equals = skipSpace(bytes, nameEnd, next);
    if (equals === next || bytes[equals] !== EQUALS) continue;
    const valueStart = skipSpace(bytes, equals + 1, next);
    const valueEnd = trimEnd(bytes, valueStart, next);
    if (valueEnd === valueStart || valueEnd - valueStart > LONGEST_VALUE) continue;
    domainStart = valueStart;
    domainEnd = valueEnd;
  }
  return textOf(bytes, domainStart, domainEnd);
}

function attributeEnd(bytes: Buffer, at: number, end: number): number {
  while (at < end && bytes[at] !== SEMICOLON) at++;
  return at;
}

function skipSpace(bytes: Buffer, at: number, end: number): number {
  while (at < end && isSpace(bytes[at]!)) at++;
  return at;
}

function trimEnd(bytes: Buffer, start: number, end: number): number {
  while (end > start && isSpace(bytes[end - 1]!)) end--;
  return end;
}

function isSpace(byte: number): boolean {
  return byte === SP || byte === HTAB;
}
