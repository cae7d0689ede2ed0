import { refusals } from "../../http/index.js";
import { KeptEntries } from "../../shared-room/kept-entries.js";
import type { Step, StepRequest, Verdict } from "../step.js";
import type { Tenancy } from "../tenancy.js";
import type { Session } from "./host-pages.js";
import { cookieValues, withoutOwn } from "../own-cookies/own-cookies.js";
import { identityEdits, identityLines } from "./identity.js";
import { sessionCookie } from "./login-cookies.js";
import { LoginPaths } from "./login-paths.js";
import { LOGIN_PATHS, type LoginPolicy, type Logins } from "./logins.js";
import type { OidcOptions } from "./policy.js";

const MOST_KNOWN = 4_096;

interface Known {
  readonly site: string;
  /** Unix time in milliseconds. */
  readonly until: number;
  readonly subject: string;
  /** Of the fields by which targets know the visitor. */
  readonly lines: string;
}

/** Admits visitors that have logged in at an OpenID provider, and sends others there. */
export class OidcStep implements Step {
  readonly name = "oidc";
  readonly #logins: Logins;
  readonly #policy: LoginPolicy;
  readonly #cookie: string;
  /** By the text of the cookie, the oldest first. Only logins that are valid are kept. */
  readonly #known: KeptEntries<Known>;
  readonly #paths: LoginPaths;

  /** @throws RangeError without a provider, or for one that is not valid. */
  constructor(options: OidcOptions, logins: Logins, tenancy?: Tenancy) {
    this.#logins = logins;
    this.#policy = logins.use(tenancy === undefined ? options : { ...options, owner: tenancy.owner });
    this.#cookie = sessionCookie(logins.mark, this.#policy.id);
    this.#known = new KeptEntries({ most: MOST_KNOWN, room: tenancy?.room, placesOf });
    this.#paths = new LoginPaths(logins);
  }

  check(request: StepRequest): Verdict | Promise<Verdict> {
    // Of a tunnel that is the target of a gateway, whose own logins have other paths.
    if (request.path.startsWith(LOGIN_PATHS)) return this.#paths.check(request);
    const cookies = request.cookies();
    const known = this.#session(request, cookies);
    if (known === undefined) return this.#logins.begin(request, this.#policy, { path: request.path, chooses: false });
    // Browsers let pages of other sites open WebSockets, with the visitor's cookies.
    if (request.upgrade !== "" && request.fieldValue("origin").toLowerCase() !== request.site)
      return refusals.PN_ACCESS_ORIGIN;
    request.edit(identityEdits(known.lines, known.subject, withoutOwn(cookies)));
    return undefined;
  }

  close(): void {
    this.#logins.release(this.#policy);
    this.#known.forgetAll();
  }

  #session({ site }: StepRequest, cookies: string): Known | undefined {
    const now = this.#logins.now();
    for (const text of cookieValues(cookies, this.#cookie)) {
      const known = this.#known.get(text) ?? this.#open(text, now);
      if (known !== undefined && known.site === site && known.until > now) return known;
    }
    return undefined;
  }

  #open(text: string, now: number): Known | undefined {
    const opened = this.#logins.seal.open("session", text, now);
    if (opened === undefined) return undefined;
    const { site, policy, identity } = opened.value as Session;
    if (policy !== this.#policy.id) return undefined;
    const known = { site, until: opened.until, subject: identity.subject, lines: identityLines(identity) };
    this.#known.add(text, known);
    return known;
  }
}

/** The places of a cookie in a room that is shared: most entries there have about 200 bytes. */
function placesOf(text: string): number {
  return 1 + Math.ceil(text.length / 100);
}
