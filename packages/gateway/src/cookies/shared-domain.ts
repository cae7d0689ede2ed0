import { domainToASCII } from "node:url";
import { cookieDomain } from "./cookie-domain.js";

/**
 * Bytes of a domain that is converted to ASCII. The conversion takes time in proportion to the square of the length,
 * and one head has room for many cookies. A longer domain counts as the shared one.
 */
const LONGEST_CONVERTED = 128;
const PLAIN = /^[a-z0-9.-]*$/i;

/**
 * A domain whose subdomains belong to different owners. A cookie for it, or for a domain above it, is sent to all of
 * them.
 */
export class SharedDomain {
  readonly #suffix: string;

  /** @param domain in lower case, without a final dot */
  constructor(domain: string) {
    this.#suffix = `.${domain}`;
  }

  /**
   * Whether a browser may store the cookie of a Set-Cookie field for the shared domain or a domain above it.
   * @param start position of the field's value in `bytes`; it ends before `end`
   */
  isSetBy(bytes: Buffer, start: number, end: number): boolean {
    const written = cookieDomain(bytes, start, end);
    if (written.length > LONGEST_CONVERTED && !PLAIN.test(written)) return true;
    const domain = canonical(written);
    return domain !== "" && this.#suffix.endsWith(`.${domain}`);
  }

  /** The same for a value as text: bytes in Latin-1. */
  isSetByText(cookie: string): boolean {
    const bytes = Buffer.from(cookie, "latin1");
    return this.isSetBy(bytes, 0, bytes.length);
  }
}

/**
 * A Domain as the most lenient reader would read it: without quotes, port and outer dots, percent-decoded, in the ASCII
 * form of IDNA; empty if it is no host name. RFC 6265 removes one leading dot only, and ignores the cookie in most of
 * these forms, so that no cookie is lost.
 */
function canonical(domain: string): string {
  const bare = withoutDots(domain.replace(/^"|"$/g, "").replace(/:\d*$/, ""));
  return PLAIN.test(bare) ? bare.toLowerCase() : withoutDots(domainToASCII(Buffer.from(bare, "latin1").toString()));
}

function withoutDots(domain: string): string {
  let start = 0;
  let end = domain.length;
  while (start < end && domain[start] === ".") start++;
  while (end > start && domain[end - 1] === ".") end--;
  return domain.slice(start, end);
}
