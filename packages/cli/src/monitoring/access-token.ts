import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

const RANDOM_BYTES = 24;

/** A bearer token of the local API (RFC 6750, section 2.1). */
export class AccessToken {
  readonly text: string;
  readonly #digest: Buffer;

  /** @param text default: a random token. */
  constructor(text: string = randomBytes(RANDOM_BYTES).toString("base64url")) {
    this.text = text;
    this.#digest = digest(text);
  }

  /** Whether a request with this Authorization field has the token. */
  isIn(authorization: string | undefined): boolean {
    const given = /^Bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
    return given !== undefined && timingSafeEqual(digest(given), this.#digest);
  }
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
