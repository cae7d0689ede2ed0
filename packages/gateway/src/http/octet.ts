/** The bytes that have a meaning in HTTP/1.1. */
export const NUL = 0x00;
export const HTAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SP = 0x20;
export const PERCENT = 0x25;
export const ASTERISK = 0x2a;
export const COMMA = 0x2c;
export const DASH = 0x2d;
export const DOT = 0x2e;
export const SLASH = 0x2f;
export const ZERO = 0x30;
export const NINE = 0x39;
export const COLON = 0x3a;
export const SEMICOLON = 0x3b;
export const EQUALS = 0x3d;
export const QUESTION = 0x3f;
export const BACKSLASH = 0x5c;

/**
 * A byte of a field name as the most lenient reader reads it: letters in lower case, and every other token character as
 * `-` (for CGI, `X_Real.IP` and `X-Real-IP` are the same). 0: not a token character (RFC 9110 5.6.2).
 */
export const FOLD = octets((byte) => {
  const sign = String.fromCharCode(byte);
  if (/[0-9a-z]/.test(sign)) return byte;
  if (/[A-Z]/.test(sign)) return byte | 0x20;
  return /[!#$%&'*+.^_`|~-]/.test(sign) ? DASH : 0;
});

/** 1: valid in a field value: HTAB, SP, visible ASCII, and 0x80 up (RFC 9110 5.5). */
export const VALUE = octets((byte) => (byte === HTAB || (byte >= SP && byte !== 0x7f) ? 1 : 0));

/** 1: valid in a request target: visible ASCII except `#`, which browsers never send (RFC 9112 3.2). */
export const TARGET = octets((byte) => (byte > SP && byte < 0x7f && byte !== 0x23 ? 1 : 0));

/**
 * 1: valid in a method. Lower-case letters are not: readers that fold case would see a HEAD or TRACE that the gateway
 * does not see.
 */
export const METHOD = octets((byte) => (/[A-Z0-9_-]/.test(String.fromCharCode(byte)) ? 1 : 0));

/** The value of a hexadecimal digit plus one; 0: not a digit. */
export const HEX = octets((byte) => {
  const sign = String.fromCharCode(byte);
  return /[0-9a-f]/i.test(sign) ? parseInt(sign, 16) + 1 : 0;
});

function octets(meaning: (byte: number) => number): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => meaning(byte));
}
