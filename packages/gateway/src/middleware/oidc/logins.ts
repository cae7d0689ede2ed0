import { randomBytes } from "node:crypto";
import { contentOf } from "../../content.js";
import { refusals } from "../../http/index.js";
import type { StepRequest, Verdict } from "../step.js";
import { browserHash, isPageLoad, keepsSecureCookies, redirect, returnPath } from "./browser-visit.js";
import { BROWSER_COOKIE, cookieField, cookieValues } from "./login-cookies.js";
import { LoginCodes } from "./login-codes.js";
import type { LoginProvider, ProviderOptions } from "./login-provider.js";
import { OpenIdProvider } from "./openid-provider.js";
import { policyId, type OidcOptions } from "./policy.js";
import { Seal } from "./seal.js";

/** Paths that begin with this are never passed on to targets where visitors log in. */
export const LOGIN_PATHS = "/.postern/oidc/";

/** Milliseconds until a login must be complete. */
export const LOGIN_TIME = 600_000;

/** A browser is known by 16 random bytes. */
const BROWSER = /^[\w-]{22}$/;

export interface LoginsDependencies {
  /** Returns the secret that protects cookies. It is called at the first login. */
  readonly secret: () => string;
  /** Unix time in milliseconds. Default: the system's. */
  readonly now?: () => number;
  /** Called with the reason when a provider does not work, and not again until it does. */
  readonly onWarning?: (text: string) => void;
  readonly createProvider?: (options: ProviderOptions) => LoginProvider;
}

/** A policy that is in use, and the provider where its visitors log in. */
export interface LoginPolicy {
  readonly id: string;
  readonly options: OidcOptions;
  readonly provider: LoginProvider;
}

/** A login that has begun, as its link contains it. */
export interface BegunLogin {
  /** The scheme and the host for which it is. */
  readonly site: string;
  /** The id of the policy. */
  readonly policy: string;
  /** The hash of the browser's cookie on that host. */
  readonly browser: string;
  /** Path and query to return to. */
  readonly path: string;
  /** The visitor wants another account. */
  readonly chooses: boolean;
}

interface Counted<T> {
  readonly value: T;
  users: number;
}

/** The logins of all routes: their policies, providers and secrets. Logins in progress are in the visitors' cookies. */
export class Logins {
  readonly codes = new LoginCodes();
  readonly now: () => number;
  readonly #secret: () => string;
  readonly #createProvider: (options: ProviderOptions) => LoginProvider;
  readonly #policies = new Map<string, Counted<LoginPolicy>>();
  readonly #providers = new Map<string, Counted<LoginProvider>>();
  #seal: Seal | undefined;

  constructor({ secret, now = Date.now, onWarning = () => {}, createProvider }: LoginsDependencies) {
    this.#secret = secret;
    this.now = now;
    this.#createProvider = createProvider ?? ((options) => new OpenIdProvider(options, { onWarning }));
  }

  get seal(): Seal {
    return (this.#seal ??= new Seal(this.#secret()));
  }

  /** Whether `path` belongs to logins, and not to a route. */
  owns(path: string): boolean {
    return this.#policies.size > 0 && path.startsWith(LOGIN_PATHS);
  }

  /** A policy is in use, until `release`. @throws RangeError for a provider that is not valid. */
  use(options: OidcOptions): LoginPolicy {
    const id = policyId(options);
    const content = contentOf(options.provider);
    const provider = counted(this.#providers, content, () => this.#createProvider(options.provider));
    return counted(this.#policies, keyOf(id, content), () => ({ id, options, provider }));
  }

  release({ id, options }: LoginPolicy): void {
    const content = contentOf(options.provider);
    uncount(this.#policies, keyOf(id, content));
    uncount(this.#providers, content);
  }

  /** Those in use. */
  get policies(): LoginPolicy[] {
    return Array.from(this.#policies.values(), ({ value }) => value);
  }

  /** The policy in use with this id. If its provider has other options than before, the newest ones. */
  policy(id: string): LoginPolicy | undefined {
    return this.policies.findLast((policy) => policy.id === id);
  }

  /**
   * Sends a visitor to its login. It begins on the host of the callback, where a cookie keeps it.
   * @param cookies for the response
   */
  begin(
    request: StepRequest,
    { id, options }: Pick<LoginPolicy, "id" | "options">,
    { path, chooses }: Pick<BegunLogin, "path" | "chooses">,
    cookies: readonly string[] = [],
  ): Verdict {
    if (!isPageLoad(request)) return NEEDED;
    if (!keepsSecureCookies(request)) return refusals.PN_ACCESS_INSECURE;
    const { site } = request;
    const known = cookieValues(request.cookies(), BROWSER_COOKIE).find((value) => BROWSER.test(value));
    const browser = known ?? randomBytes(16).toString("base64url");
    const login: BegunLogin = { site, policy: id, browser: browserHash(browser), path: returnPath(path), chooses };
    const text = this.seal.seal("login", login, this.now() + LOGIN_TIME);
    const location = `${callbackSite(options.provider, site)}${LOGIN_PATHS}login?login_token=${text}`;
    return redirect(location, [cookieField(BROWSER_COOKIE, browser, LOGIN_TIME / 1_000), ...cookies]);
  }
}

/** The scheme and the host to which the provider sends visitors of `site` back. */
export function callbackSite({ callbackUrl }: ProviderOptions, site: string): string {
  return callbackUrl === undefined ? site : new URL(callbackUrl).origin;
}

export function callbackUrl(provider: ProviderOptions, site: string): string {
  return `${callbackSite(provider, site)}${LOGIN_PATHS}callback`;
}

const NEEDED = { ...refusals.PN_ACCESS_LOGIN, fields: { "WWW-Authenticate": 'Cookie realm="restricted"' } };

function keyOf(id: string, provider: string): string {
  return `${id} ${provider}`;
}

function counted<T>(map: Map<string, Counted<T>>, key: string, create: () => T): T {
  let found = map.get(key);
  if (found === undefined) map.set(key, (found = { value: create(), users: 0 }));
  found.users++;
  return found.value;
}

function uncount(map: Map<string, Counted<unknown>>, key: string): void {
  const found = map.get(key);
  if (found !== undefined && --found.users === 0) map.delete(key);
}
