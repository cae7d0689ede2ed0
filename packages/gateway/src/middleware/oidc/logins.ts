import { randomBytes } from "node:crypto";
import { contentOf } from "../../content.js";
import { refusals } from "../../http/index.js";
import { cookieMark, cookieValues } from "../own-cookies/own-cookies.js";
import type { StepRequest, Verdict } from "../step.js";
import { browserHash, isPageLoad, keepsSecureCookies, redirect, returnPath } from "./browser-visit.js";
import { browserCookie, cookieField, sessionCookie } from "./login-cookies.js";
import { LoginCodes } from "./login-codes.js";
import type { LoginProvider, ProviderOptions } from "./login-provider.js";
import { OWN_SITES, sharedSites, sitesOfHost, type LoginSites, type SharedSites } from "./login-sites.js";
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
  /** The provider of policies that name none. Default: there is none. */
  readonly provider?: ProviderOptions | undefined;
  /** The sites of that provider. Default: each site is its own callback. */
  readonly shared?: SharedSites;
}

/** A policy that is in use, and the provider where its visitors log in. */
export interface LoginPolicy extends LoginSites {
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
  readonly #dependencies: LoginsDependencies;
  readonly #policies = new Map<string, Counted<LoginPolicy>>();
  readonly #providers = new Map<string, Counted<LoginProvider>>();
  #seal: Seal | undefined;
  #mark: string | undefined;

  constructor(dependencies: LoginsDependencies) {
    this.#dependencies = dependencies;
    this.now = dependencies.now ?? Date.now;
  }

  /** In the names of all cookies of logins. */
  get mark(): string {
    return (this.#mark ??= cookieMark(this.#dependencies.secret()));
  }

  get seal(): Seal {
    return (this.#seal ??= new Seal(this.#dependencies.secret()));
  }

  /** Whether `path` belongs to logins, and not to a route. */
  owns(path: string): boolean {
    return this.#policies.size > 0 && path.startsWith(LOGIN_PATHS);
  }

  /**
   * A policy is in use, until `release`.
   * @throws RangeError for a provider that is not valid, or missing, and for a host that is not allowed.
   */
  use(options: OidcOptions): LoginPolicy {
    const given = options.provider ?? this.#dependencies.provider;
    if (given === undefined) throw new RangeError("Logins need an OpenID provider.");
    const id = policyId(options, given);
    const content = contentOf(given);
    const sites = this.#sitesOf(options, given);
    const provider = counted(this.#providers, content, () => this.#create(given));
    return counted(this.#policies, keyOf(id, content, options), () => ({ id, options, provider, ...sites }));
  }

  release({ id, options }: LoginPolicy): void {
    const content = contentOf(options.provider ?? this.#dependencies.provider);
    uncount(this.#policies, keyOf(id, content, options));
    uncount(this.#providers, content);
  }

  /** The policy in use with this id, if the visitors of `site` may log in for it. */
  policy(id: string, site: string): LoginPolicy | undefined {
    return this.#find((policy) => policy.id === id && policy.accepts(site));
  }

  /** The policy in use whose sessions are in the cookie with this name. */
  policyOfCookie(name: string): LoginPolicy | undefined {
    return this.#find(({ id }) => sessionCookie(this.mark, id) === name);
  }

  /**
   * Sends a visitor to its login. It begins on the host of the callback, where a cookie keeps it.
   * @param cookies for the response
   */
  begin(
    request: StepRequest,
    { id, callbackSite, accepts }: LoginPolicy,
    { path, chooses }: Pick<BegunLogin, "path" | "chooses">,
    cookies: readonly string[] = [],
  ): Verdict {
    if (!isPageLoad(request)) return NEEDED;
    if (!keepsSecureCookies(request)) return refusals.PN_ACCESS_INSECURE;
    const { site } = request;
    if (!accepts(site)) return refusals.PN_ACCESS_HOST;
    const known = cookieValues(request.cookies(), browserCookie(this.mark)).find((value) => BROWSER.test(value));
    const browser = known ?? randomBytes(16).toString("base64url");
    const login: BegunLogin = { site, policy: id, browser: browserHash(browser), path: returnPath(path), chooses };
    const text = this.seal.seal("login", login, this.now() + LOGIN_TIME);
    const location = `${callbackSite(site)}${LOGIN_PATHS}login?login_token=${text}`;
    return redirect(location, [cookieField(browserCookie(this.mark), browser, LOGIN_TIME / 1_000), ...cookies]);
  }

  #sitesOf({ provider, host }: OidcOptions, { callbackUrl }: ProviderOptions): LoginSites {
    const { shared } = this.#dependencies;
    if (provider === undefined && shared !== undefined) return sharedSites(shared);
    return callbackUrl === undefined ? OWN_SITES : sitesOfHost(callbackUrl, host);
  }

  #create(options: ProviderOptions): LoginProvider {
    const { createProvider, onWarning = (): void => {} } = this.#dependencies;
    return createProvider === undefined ? new OpenIdProvider(options, { onWarning }) : createProvider(options);
  }

  /** If the provider of a policy has other options than before, the newest ones. */
  #find(is: (policy: LoginPolicy) => boolean): LoginPolicy | undefined {
    let found: LoginPolicy | undefined;
    for (const { value } of this.#policies.values()) if (is(value)) found = value;
    return found;
  }
}

const NEEDED = { ...refusals.PN_ACCESS_LOGIN, fields: { "WWW-Authenticate": 'Cookie realm="restricted"' } };

function keyOf(id: string, provider: string, { host = "" }: OidcOptions): string {
  return `${id} ${host} ${provider}`;
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
