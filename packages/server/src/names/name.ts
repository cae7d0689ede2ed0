import { randomInt } from "node:crypto";

const VALID = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * The names that are reserved unless the operator replaces them: they look like part of the server, or other software
 * treats them specially. The server itself needs no name.
 */
export const DEFAULT_RESERVED_NAMES: readonly string[] = (
  "www api admin administrator app apps assets auth autoconfig autodiscover blog cdn connect console dashboard dev docs ftp git " +
  "health help host imap internal local localhost login mail metrics mta-sts mx ns ns1 ns2 ntp pop pop3 postern postmaster " +
  "proxy root server smtp ssh ssl static status support system test tls tunnel vpn webmail wpad"
).split(" ");

const CONSONANTS = "bdfghjklmnprstvz";
const VOWELS = "aeiou";

/** The operator's rules for names, in addition to their form. */
export interface NameRules {
  /** Names that cannot be bound. */
  readonly reserved: readonly string[];
  /** Bounds of the length, in characters. */
  readonly shortest: number;
  readonly longest: number;
}

export const DEFAULT_NAME_RULES: NameRules = { reserved: DEFAULT_RESERVED_NAMES, shortest: 1, longest: 63 };

/** Whether names may have any length that DNS allows. */
export function isDefaultLength({ shortest, longest }: NameRules): boolean {
  return shortest === DEFAULT_NAME_RULES.shortest && longest === DEFAULT_NAME_RULES.longest;
}

/**
 * Whether `name` can be a subdomain: one DNS label (RFC 1123) that is not punycode, which may look like another name.
 */
export function isValidName(name: string, { shortest, longest }: NameRules = DEFAULT_NAME_RULES): boolean {
  return VALID.test(name) && !name.startsWith("xn--") && name.length >= shortest && name.length <= longest;
}

export function isReservedName(name: string, { reserved }: NameRules = DEFAULT_NAME_RULES): boolean {
  return reserved.includes(name);
}

/** A random pronounceable name that is hard to guess: seven syllables out of 80, 44 bits. */
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
