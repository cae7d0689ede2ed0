import { createHmac } from "node:crypto";
import { tierOf, type Balance, type Candidate, type PickContext } from "./candidate.js";
import { cookiesOf } from "./hash-key.js";

/** The name of the cookie that holds a visitor's target. */
export const STICKY_COOKIE = "postern_target";

/** The path of a cookie may not contain the characters that end it. */
const COOKIE_PATH = /^\/[!-:<-~]*$/;

export interface StickyCookieOptions {
  /** Chooses the target of a visitor without a cookie, or whose target cannot be used. */
  readonly first: Balance;
  /** The secret by which targets are signed. */
  readonly key: string;
  /** The name of the route: the cookie of one route is not valid for another. */
  readonly route: string;
  /** The path of the route, as `/api/*`. */
  readonly path: string;
}

/**
 * Sends all requests of a visitor to the same target, which a cookie names: by a signature of the target, so that
 * visitors learn nothing about targets and cannot choose one that they were not sent to. A visitor whose target is down
 * gets another target, and its cookie.
 */
export class StickyCookie implements Balance {
  readonly #options: StickyCookieOptions;
  readonly #attributes: string;
  #candidates: readonly Candidate[] = [];
  readonly #byToken = new Map<string, Candidate>();
  readonly #tokens = new Map<Candidate, string>();

  constructor(options: StickyCookieOptions) {
    this.#options = options;
    const prefix = options.path.replace(/\/?\*$/, "");
    this.#attributes = `; Path=${COOKIE_PATH.test(prefix) ? prefix : "/"}; HttpOnly; SameSite=Lax`;
  }

  pick<Each extends Candidate>(
    candidates: readonly Each[],
    context: PickContext,
    except?: readonly Each[],
  ): Each | undefined {
    if (candidates !== this.#candidates) this.#follow(candidates);
    const held = this.#held(cookiesOf(context)) as Each | undefined;
    if (held !== undefined && tierOf(held, except) === 0) return held;
    return this.#options.first.pick(candidates, context, except);
  }

  /**
   * The Set-Cookie line for a response of `target`, ended by CRLF; empty if the request came with this cookie.
   * @param isSecure whether the visitor uses HTTPS
   */
  line(target: Candidate, context: PickContext, isSecure: boolean): string {
    const token = this.#tokens.get(target);
    if (token === undefined || this.#held(cookiesOf(context)) === target) return "";
    return `Set-Cookie: ${STICKY_COOKIE}=${token}${this.#attributes}${isSecure ? "; Secure" : ""}\r\n`;
  }

  /** The candidate that a cookie names. Routes with paths inside each other have cookies with the same name. */
  #held(cookies: string): Candidate | undefined {
    if (!cookies.includes(STICKY_COOKIE)) return undefined;
    for (const cookie of cookies.split(";")) {
      const [name, token = ""] = cookie.trim().split("=", 2);
      const candidate = name === STICKY_COOKIE ? this.#byToken.get(token) : undefined;
      if (candidate !== undefined) return candidate;
    }
    return undefined;
  }

  #follow(candidates: readonly Candidate[]): void {
    this.#candidates = candidates;
    this.#byToken.clear();
    this.#tokens.clear();
    const { key, route } = this.#options;
    for (const candidate of candidates) {
      const signed = createHmac("sha256", key).update(JSON.stringify([route, candidate.name ?? ""]));
      const token = signed.digest("base64url").slice(0, 22);
      this.#byToken.set(token, candidate);
      this.#tokens.set(candidate, token);
    }
  }
}
