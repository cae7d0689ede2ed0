import { randomInt } from "node:crypto";

const VALID = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** Names that would look like the server's own, or that other software gives a meaning. */
const RESERVED = new Set(
  (
    "www api admin administrator app apps assets auth autoconfig autodiscover blog cdn connect console dashboard dev docs ftp git " +
    "health help host imap internal local localhost login mail metrics mta-sts mx ns ns1 ns2 ntp pop pop3 postern postmaster " +
    "proxy root server smtp ssh ssl static status support system test tls tunnel vpn webmail wpad"
  ).split(" "),
);

const CONSONANTS = "bdfghjklmnprstvz";
const VOWELS = "aeiou";

/** What an operator asks of names beyond their form. */
export interface NameRules {
  /** Names that nobody gets. */
  readonly reserved: readonly string[];
  /** Letters that a name must have and may have. */
  readonly shortest: number;
  readonly longest: number;
}

export const DEFAULT_NAME_RULES: NameRules = { reserved: [], shortest: 1, longest: 63 };

/** Whether `name` can stand before the base domain: one DNS label (RFC 1123), and no punycode, which could pass for another name. */
export function isValidName(name: string, { shortest, longest }: NameRules = DEFAULT_NAME_RULES): boolean {
  return VALID.test(name) && !name.startsWith("xn--") && name.length >= shortest && name.length <= longest;
}

export function isReservedName(name: string, { reserved }: NameRules = DEFAULT_NAME_RULES): boolean {
  return RESERVED.has(name) || reserved.includes(name);
}

/** A pronounceable name that nobody can guess in reasonable time: seven syllables of 80, 44 bits. */
export function randomName(): string {
  const parts = [2, 2, 3].map((syllables) => Array.from({ length: syllables }, syllable).join(""));
  return parts.join("-");
}

function syllable(): string {
  return pick(CONSONANTS) + pick(VOWELS);
}

function pick(letters: string): string {
  return letters[randomInt(letters.length)] as string;
}
