import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";

/** What a sealed text is for. A text for one purpose is not valid for another. */
export type Purpose = "login" | "pending" | "session";

const SALT = 32;
const KEY = 32;
const NONCE = 12;
const TAG = 16;
/** Browsers keep cookies of up to 4,096 bytes. */
const LONGEST = 4_096;

interface Sealed {
  /** Unix time in milliseconds. */
  readonly until: number;
  readonly value: unknown;
}

/**
 * Encrypts and authenticates data that visitors keep for the gateway, in cookies and links: AES-256-GCM with a key and
 * a nonce of its own for each text, so that no number of texts wears the secret out.
 */
export class Seal {
  readonly #secret: Buffer;

  constructor(secret: string) {
    this.#secret = Buffer.from(secret);
  }

  /** @param until when the text becomes invalid, in milliseconds of Unix time */
  seal(purpose: Purpose, value: object, until: number): string {
    const salt = randomBytes(SALT);
    const { key, nonce } = this.#keyOf(purpose, salt);
    const cipher = createCipheriv("aes-256-gcm", key, nonce);
    const text = JSON.stringify({ until, value } satisfies Sealed);
    const parts = [salt, cipher.update(text, "utf8"), cipher.final()];
    return Buffer.concat([...parts, cipher.getAuthTag()]).toString("base64url");
  }

  /**
   * The value of a text that was sealed for this purpose; undefined if the text is anything else, or is not valid any
   * more.
   * @param now Unix time in milliseconds
   */
  open(purpose: Purpose, text: string, now: number): { readonly value: unknown; readonly until: number } | undefined {
    if (text.length > LONGEST || !/^[\w-]+$/.test(text)) return undefined;
    const bytes = Buffer.from(text, "base64url");
    // A text has one form only: base64url has spare bits at its end.
    if (bytes.length < SALT + TAG || bytes.toString("base64url") !== text) return undefined;
    const { key, nonce } = this.#keyOf(purpose, bytes.subarray(0, SALT));
    const decipher = createDecipheriv("aes-256-gcm", key, nonce);
    decipher.setAuthTag(bytes.subarray(-TAG));
    try {
      const opened = Buffer.concat([decipher.update(bytes.subarray(SALT, -TAG)), decipher.final()]);
      const sealed = JSON.parse(opened.toString("utf8")) as Sealed;
      return sealed.until > now ? sealed : undefined;
    } catch {
      return undefined;
    }
  }

  #keyOf(purpose: Purpose, salt: Buffer): { key: Buffer; nonce: Buffer } {
    const bytes = Buffer.from(hkdfSync("sha256", this.#secret, salt, `postern oidc ${purpose}`, KEY + NONCE));
    return { key: bytes.subarray(0, KEY), nonce: bytes.subarray(KEY) };
  }
}
