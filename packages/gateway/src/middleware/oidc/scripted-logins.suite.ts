import type { Reply } from "../../http/index.js";
import { outcome, stepRequest, type PlainStepRequest } from "../step-requests.suite.js";
import type { Step, Verdict } from "../step.js";
import { ProviderError, type LoginProvider, type ProviderLogin } from "./login-provider.js";
import { CallbackPages } from "./callback-pages.js";
import { LoginPaths } from "./login-paths.js";
import { LOGIN_PATHS, Logins, type LoginsDependencies } from "./logins.js";
import { OidcStep } from "./oidc-step.js";
import { policyId, type OidcOptions } from "./policy.js";

export const PROVIDER = { issuer: "https://idp.test", clientId: "gateway" };
export const POLICY: OidcOptions = {
  provider: PROVIDER,
  emails: [],
  domains: ["shop.example"],
  groups: [],
  maxAge: 3_600_000,
};

/** A provider whose answers a test sets. */
export class ScriptedProvider implements LoginProvider {
  claimsOf: () => Promise<Record<string, unknown>> = async () => ({
    sub: "ann",
    email: "ann@shop.example",
    email_verified: true,
  });
  endsAt: string | undefined;
  fault: ProviderError | undefined;
  readonly logins: (ProviderLogin & { chooses: boolean })[] = [];
  /** What it was asked to confirm. */
  readonly asked: string[] = [];

  async authorizationUrl(login: ProviderLogin, chooses: boolean): Promise<string> {
    if (this.fault !== undefined) throw this.fault;
    this.logins.push({ ...login, chooses });
    return `https://idp.test/auth?state=${login.state}`;
  }

  async claims(url: URL, login: ProviderLogin): Promise<Record<string, unknown>> {
    this.asked.push(url.href);
    const begun = this.logins.find(({ state }) => state === login.state);
    if (begun?.verifier !== login.verifier || begun.nonce !== login.nonce || begun.redirectUri !== login.redirectUri)
      throw new ProviderError("denied", "mixed up");
    return this.claimsOf();
  }

  async endSessionUrl(): Promise<string | undefined> {
    if (this.fault !== undefined) throw this.fault;
    return this.endsAt;
  }
}

/** Routes with logins, without a network. */
export class ScriptedLogins {
  now = 1_000_000;
  readonly provider = new ScriptedProvider();
  readonly logins: Logins;
  readonly paths: LoginPaths;
  readonly #steps = new Map<string, Step>();
  readonly #policies: Readonly<Record<string, OidcOptions>>;

  /** @param policies by host; that of `*` is for all other hosts */
  constructor(
    policies: Readonly<Record<string, OidcOptions>>,
    secret = "secret",
    shared: Pick<LoginsDependencies, "provider" | "shared"> = {},
  ) {
    this.#policies = policies;
    const createProvider = (): LoginProvider => this.provider;
    this.logins = new Logins({ secret: () => secret, now: () => this.now, createProvider, ...shared });
    this.paths = new LoginPaths(this.logins, new CallbackPages(this.logins));
    for (const [host, policy] of Object.entries(policies)) {
      const named = host === "*" ? {} : { host };
      this.#steps.set(host, new OidcStep({ ...policy, ...named }, this.logins));
    }
  }

  check(host: string, request: PlainStepRequest): Verdict | Promise<Verdict> {
    return this.logins.owns(request.path) ? this.paths.check(request) : this.stepOf(host)?.check(request);
  }

  /** The step of the route of `host`. */
  stepOf(host: string): Step | undefined {
    return this.#steps.get(host) ?? this.#steps.get("*");
  }

  /** The id of the policy of all hosts. */
  get policy(): string {
    return policyId(Object.values(this.#policies)[0]!, PROVIDER);
  }

  /** The routes are gone. */
  close(): void {
    for (const step of this.#steps.values()) step.close?.();
  }
}

export interface Visit {
  url: string;
  /** As `outcome`; a redirect is `→`. */
  outcome: string;
  request: PlainStepRequest;
  verdict: Verdict;
  location: string | undefined;
}

const PAGE = { accept: "text/html", "sec-fetch-mode": "navigate" };

/** A browser that keeps the cookies of each host. */
export class ScriptedBrowser {
  readonly jar = new Map<string, Map<string, string>>();
  /** The sizes of the cookies that it was sent, as browsers count them. */
  readonly cookieSizes: number[] = [];
  readonly #logins: ScriptedLogins;
  readonly #address: string;

  constructor(logins: ScriptedLogins, address = "192.0.2.1") {
    this.#logins = logins;
    this.#address = address;
  }

  async send(
    url: string,
    {
      method = "GET",
      upgrade = "",
      fields = {},
    }: { method?: string; upgrade?: string; fields?: Record<string, string> } = {},
  ): Promise<Visit> {
    const { origin: site, hostname: host, pathname, search } = new URL(url);
    const cookie = [...this.cookies(host)].map(([name, value]) => `${name}=${value}`).join("; ");
    const parts = { method, host, site, upgrade, path: pathname + search, address: this.#address };
    const request = stepRequest({ ...parts, startedAt: this.#logins.now }, { ...PAGE, cookie, ...fields });
    const verdict = await this.#logins.check(host, request);
    const reply = (verdict ?? {}) as Partial<Reply>;
    const set = reply.fields?.["Set-Cookie"] ?? [];
    for (const field of [set].flat()) this.#keep(host, field);
    const location = reply.fields?.["Location"] as string | undefined;
    return { url, outcome: location === undefined ? outcome(verdict) : "→", request, verdict, location };
  }

  /** Follows redirects to the provider, or to an address that `until` accepts, or to the end. */
  async open(url: string, until: (url: string) => boolean = () => false): Promise<Visit> {
    let visit = await this.send(url);
    while (visit.location !== undefined && !visit.location.startsWith("https://idp.test/") && !until(visit.location))
      visit = await this.send(visit.location);
    return visit;
  }

  /** Opens a page and logs in. */
  async logIn(url: string, until?: (url: string) => boolean): Promise<Visit> {
    const { location } = await this.open(url);
    return this.open(callbackOf(location!, this.#logins), until);
  }

  cookies(host: string): Map<string, string> {
    const known = this.jar.get(host) ?? new Map<string, string>();
    this.jar.set(host, known);
    return known;
  }

  #keep(host: string, field: string): void {
    this.cookieSizes.push(field.length);
    const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(field) ?? [];
    if (field.endsWith("Max-Age=0")) this.cookies(host).delete(name);
    else this.cookies(host).set(name, value);
  }
}

/** Where the provider sends a visitor back from this address. */
export function callbackOf(location: string, { provider }: ScriptedLogins): string {
  const state = new URL(location).searchParams.get("state")!;
  return `${provider.logins.find((login) => login.state === state)!.redirectUri}?code=1&state=${state}`;
}

export const isEntry = (url: string): boolean => url.includes(`${LOGIN_PATHS}enter`);
