import { randomBytes } from "node:crypto";
import type { Identity } from "./identity.js";

/** Times are in milliseconds. `codes`: that wait for their browser. */
export const CODE_LIMITS = { lifetime: 30_000, codes: 10_000 } as const;

/** A login that the provider has confirmed, on its way to the host for which it is. */
export interface CompletedLogin {
  readonly identity: Identity;
  /** The id of the policy. */
  readonly policy: string;
  /** The scheme and the host for which it is. */
  readonly site: string;
  /** The hash of the browser's cookie on that host. */
  readonly browser: string;
  /** Path and query to return to. */
  readonly path: string;
}

/**
 * One-time codes, which hand a login over from the host of the callback to the host that the visitor requested. Only a
 * visitor that has logged in at the provider gets one.
 */
export class LoginCodes {
  /** By code, the oldest first. */
  readonly #logins = new Map<string, { readonly login: CompletedLogin; readonly until: number }>();

  /**
   * @param now in milliseconds
   * @returns undefined if too many codes wait
   */
  issue(login: CompletedLogin, now: number): string | undefined {
    for (const [code, { until }] of this.#logins) {
      if (until > now) break;
      this.#logins.delete(code);
    }
    if (this.#logins.size >= CODE_LIMITS.codes) return undefined;
    const code = randomBytes(32).toString("base64url");
    this.#logins.set(code, { login, until: now + CODE_LIMITS.lifetime });
    return code;
  }

  /**
   * The login of a code. A code is valid once, also when another browser than its own presents it: then it was stolen.
   */
  take(code: string, now: number): CompletedLogin | undefined {
    const found = this.#logins.get(code);
    this.#logins.delete(code);
    return found !== undefined && found.until > now ? found.login : undefined;
  }
}
