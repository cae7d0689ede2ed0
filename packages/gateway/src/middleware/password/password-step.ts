import { FORM_QUOTA } from "../../bodies/body-quota.js";
import { refusals, type Refusal, type Reply } from "../../http/index.js";
import { BasicAuthStep } from "../basic-auth/basic-auth-step.js";
import type { Verifier } from "../basic-auth/verifier.js";
import { cookieValues, ownCookie, ownNames, setCookie } from "../own-cookies/own-cookies.js";
import type { Step, StepRequest, Verdict } from "../step.js";
import type { Tenancy } from "../tenancy.js";
import { LOGIN_LIFETIME, PasswordLogin, type PasswordOptions } from "./password-login.js";
import { PASSWORD_PATHS } from "./password-paths.js";
import { returnPath } from "./return-path.js";

/** `form`: bytes of a form with a password. */
export const PASSWORD_LIMITS = { form: 4_096 } as const;

const LOGOUT = "logout";

const FIELDS = {
  "WWW-Authenticate": 'Cookie realm="restricted"',
  "X-Frame-Options": "DENY",
  "X-Robots-Tag": "noindex",
  // Browsers send no Origin with a form of a page without a referrer.
  "Referrer-Policy": "same-origin",
};
const METHODS: Refusal = { ...refusals.PN_ROUTE_METHOD, fields: { Allow: "GET, POST" } };

/** Admits visitors that have entered a password. A page asks for it, and a cookie shows that it was right. */
export class PasswordStep implements Step {
  readonly name = "password";
  readonly #login: PasswordLogin;
  readonly #passwords: BasicAuthStep;
  readonly #owner: string | undefined;
  readonly #now: () => number;

  /**
   * @param now Unix time in milliseconds. Default: the system's
   * @param tenancy undefined: the password is the operator's
   */
  constructor(options: PasswordOptions, verifier?: Verifier, now: () => number = Date.now, tenancy?: Tenancy) {
    this.#login = new PasswordLogin(options);
    this.#passwords = new BasicAuthStep({ users: [{ name: "", hash: options.hash }] }, verifier, tenancy);
    this.#owner = tenancy?.owner;
    this.#now = now;
  }

  /** The paths whose requests pass this step on each host, whatever its route. */
  get paths(): readonly string[] {
    return [`${PASSWORD_PATHS}${this.#login.id}`, `${PASSWORD_PATHS}${LOGOUT}`];
  }

  check(request: StepRequest): Verdict | Promise<Verdict> {
    const { path } = request;
    const name = path.startsWith(PASSWORD_PATHS) ? path.slice(PASSWORD_PATHS.length).split("?", 1)[0] : undefined;
    // The path of another password belongs to a step that follows.
    if (name === LOGOUT || name === this.#login.id) return this.#own(request, name);
    if (!this.#isLoggedIn(request)) return this.#ask(request.method === "GET" ? path : "/");
    // Browsers let pages of other sites open WebSockets.
    if (request.upgrade !== "" && !isFromPage(request)) return refusals.PN_ACCESS_ORIGIN;
    return undefined;
  }

  inherit(former: Step): void {
    if (former instanceof PasswordStep) this.#passwords.inherit(former.#passwords);
  }

  close(): void {
    this.#passwords.close();
  }

  #isLoggedIn(request: StepRequest): boolean {
    const now = this.#now();
    const values = cookieValues(request.cookies(), this.#cookie(request));
    return values.some((value) => this.#login.isValid(value, request.host, now));
  }

  #cookie({ site }: StepRequest): string {
    return ownCookie(`password_${this.#login.mark}_${this.#login.id}`, site.startsWith("https:"));
  }

  /** Responds to a request for a path of passwords. It never reaches a target. */
  #own(request: StepRequest, name: string): Verdict | Promise<Verdict> {
    const { method } = request;
    if (method !== "GET" && method !== "POST") return METHODS;
    if (!mayComeFrom(request)) return refusals.PN_ACCESS_ORIGIN;
    if (name === LOGOUT)
      return redirect(
        "/",
        ownNames(request.cookies()).map((each) => setCookie(each, "", 0)),
      );
    if (method === "GET") return this.#isLoggedIn(request) ? redirect("/") : this.#ask("/");
    return this.#enter(request);
  }

  async #enter(request: StepRequest): Promise<Verdict> {
    const body = await request.readBody(PASSWORD_LIMITS.form, this.#owner, FORM_QUOTA);
    const form = new URLSearchParams(body.toString("utf8"));
    const to = returnPath(form.get("to") ?? "/");
    const credentials = Buffer.from(`:${form.get("password") ?? ""}`).toString("base64");
    const verdict = await this.#passwords.checkCredentials(request, `Basic ${credentials}`);
    if (verdict === undefined) {
      const cookie = setCookie(this.#cookie(request), this.#login.issue(request.host, this.#now()), LOGIN_LIFETIME);
      return redirect(to, [cookie]);
    }
    const isWrong = "code" in verdict && verdict.code === refusals.PN_ACCESS_PASSWORD.code;
    return isWrong ? this.#ask(to, "This password is not correct. Try again.") : verdict;
  }

  #ask(to: string, message = "Enter the password that the owner of this site gave you."): Refusal {
    const action = `${PASSWORD_PATHS}${this.#login.id}`;
    const prompt = { title: "Password required", message, action, to: returnPath(to) };
    return { ...refusals.PN_ACCESS_PASSWORD_PAGE, prompt, fields: FIELDS };
  }
}

function redirect(location: string, cookies: readonly string[] = []): Reply {
  return {
    status: 303,
    text: "",
    fields: { Location: location, "Cache-Control": "no-store", "Set-Cookie": [...cookies] },
  };
}

/** Whether a page of the requested address sent the request, as its browser says. */
function isFromPage(request: StepRequest): boolean {
  const origin = request.fieldValue("origin").toLowerCase();
  return origin !== "" && placeOf(origin) === placeOf(request.site);
}

/** Whether no page of another site sent the request. Programs, and requests that a person types, name no page. */
function mayComeFrom(request: StepRequest): boolean {
  const site = request.fieldValue("sec-fetch-site");
  if (site !== "" && site !== "same-origin" && site !== "none") return false;
  return request.fieldValue("origin") === "" || isFromPage(request);
}

/** Host and port of an origin. A proxy in front that is not trusted may have changed the scheme. */
function placeOf(origin: string): string {
  return origin.replace(/^https?:\/\//, "").replace(/:(80|443)$/, "");
}
