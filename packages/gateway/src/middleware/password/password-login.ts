import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { cookieMark } from "../own-cookies/own-cookies.js";

export interface PasswordOptions {
  /** The hash of the password, which `hashForm` accepts. */
  readonly hash: string;
  /** The secret that signs logins, and the name of the route. Default: a random one, so that a restart ends logins. */
  readonly signing?: { readonly key: string; readonly route: string } | undefined;
}

/** How long a login is valid, in seconds. */
export const LOGIN_LIFETIME = 7 * 24 * 3_600;

/** The logins of a route: texts for cookies, each for one host, until it expires or the password is another one. */
export class PasswordLogin {
  /** Tells the route from others with a password, and says nothing about it. */
  readonly id: string;
  /** In the names of its cookies. */
  readonly mark: string;
  readonly #key: string;
  readonly #scope: string;
  readonly #hash: string;

  constructor({ hash, signing = { key: randomBytes(32).toString("base64url"), route: "" } }: PasswordOptions) {
    this.#key = signing.key;
    this.#scope = signing.route;
    this.#hash = hash;
    this.mark = cookieMark(signing.key);
    this.id = this.#sign("id").slice(0, 10);
  }

  /** A login that begins. @param now Unix time in milliseconds */
  issue(host: string, now: number): string {
    const until = (Math.floor(now / 1_000) + LOGIN_LIFETIME).toString(36);
    return `${until}.${this.#sign("login", host, until, this.#hash)}`;
  }

  isValid(text: string, host: string, now: number): boolean {
    const [, until, signature] = /^([0-9a-z]{1,9})\.([\w-]{43})$/.exec(text) ?? [];
    if (until === undefined || Number.parseInt(until, 36) * 1_000 <= now) return false;
    const expected = this.#sign("login", host, until, this.#hash);
    return timingSafeEqual(Buffer.from(signature!), Buffer.from(expected));
  }

  #sign(...parts: string[]): string {
    const text = JSON.stringify(["postern password", this.#scope, ...parts]);
    return createHmac("sha256", this.#key).update(text).digest("base64url");
  }
}
