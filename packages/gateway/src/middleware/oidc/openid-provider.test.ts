import { generateKeyPairSync, createHash, type KeyObject } from "node:crypto";
import { SignJWT, exportJWK } from "jose";
import { describe, expect, test } from "vitest";
import type { ProviderError, ProviderLogin, ProviderOptions } from "./login-provider.js";
import { OpenIdProvider, PROVIDER_LIMITS } from "./openid-provider.js";

const ISSUER = "https://idp.test";
const LOGIN: ProviderLogin = {
  redirectUri: "https://a.test/.postern/oidc/callback",
  state: "s".repeat(43),
  nonce: "n".repeat(43),
  verifier: "v".repeat(43),
};

interface Asked {
  url: string;
  method: string;
  headers: Record<string, string>;
  body: URLSearchParams;
}

/** The endpoints of a provider, without a network. */
class Endpoints {
  now = Date.now();
  metadata: Record<string, unknown> = {};
  claims: Record<string, unknown> = {};
  userInfo: Record<string, unknown> = { sub: "ann" };
  tokenError: string | undefined;
  down = new Set<string>();
  readonly asked: Asked[] = [];
  readonly warnings: string[] = [];
  readonly provider: OpenIdProvider;
  /** The key that signs, and those that are published. */
  signing = newKey();
  published = [this.signing];

  constructor(options: Partial<ProviderOptions> = {}) {
    const given = { issuer: ISSUER, clientId: "gateway", clientSecret: "se:cret", ...options };
    this.provider = new OpenIdProvider(given, {
      now: () => this.now,
      onWarning: (text) => this.warnings.push(text),
      fetch: async (url, { method, headers, body }) => {
        this.asked.push({
          url,
          method,
          headers,
          body: body instanceof URLSearchParams ? body : new URLSearchParams(),
        });
        return this.#respond(new URL(url).pathname);
      },
    });
  }

  count(path: string): number {
    return this.asked.filter(({ url }) => new URL(url).pathname === path).length;
  }

  /** The claims of a visitor that comes back with these parameters. */
  async back(
    parameters: Record<string, string> = {},
    login = LOGIN,
  ): Promise<Readonly<Record<string, unknown>> | string> {
    const query = new URLSearchParams({ code: "code", state: login.state, ...parameters });
    return this.provider
      .claims(new URL(`${LOGIN.redirectUri}?${query.toString()}`), login)
      .catch(({ name, kind, message }: ProviderError) => `${name} ${kind}: ${message}`);
  }

  async #respond(path: string): Promise<Response> {
    if (this.down.has(path)) throw new Error(`${path} did not respond`);
    if (path === "/.well-known/openid-configuration")
      return json({
        issuer: ISSUER,
        authorization_endpoint: `${ISSUER}/auth?tenant=1`,
        token_endpoint: `${ISSUER}/token`,
        userinfo_endpoint: `${ISSUER}/me`,
        jwks_uri: `${ISSUER}/keys`,
        response_types_supported: ["code"],
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: ["RS256"],
        ...this.metadata,
      });
    if (path === "/keys") {
      const keys = this.published.map(async ({ key, kid }) => ({
        ...(await exportJWK(key)),
        kid,
        alg: "RS256",
        use: "sig",
      }));
      return json({
        keys: (await Promise.all(keys)).map(({ n, e, kty, ...rest }) => ({
          n,
          e,
          kty,
          kid: rest.kid,
          alg: rest.alg,
          use: rest.use,
        })),
      });
    }
    if (path === "/me") return json(this.userInfo);
    if (this.tokenError !== undefined) return json({ error: this.tokenError }, 400);
    const seconds = Math.floor(Date.now() / 1_000);
    const token = await new SignJWT({
      iss: ISSUER,
      sub: "ann",
      aud: "gateway",
      nonce: LOGIN.nonce,
      iat: seconds,
      exp: seconds + 60,
      ...this.claims,
    })
      .setProtectedHeader({ alg: "RS256", kid: this.signing.kid })
      .sign(this.signing.key);
    return json({ access_token: "access", token_type: "Bearer", id_token: token });
  }
}

let keys = 0;

function newKey(): { kid: string; key: KeyObject } {
  return { kid: `key-${keys++}`, key: generateKeyPairSync("rsa", { modulusLength: 2_048 }).privateKey };
}

function json(value: unknown, status = 200): Response {
  return new Response(JSON.stringify(value), { status, headers: { "Content-Type": "application/json" } });
}

describe("the address where a visitor logs in", () => {
  test("has state, nonce and the challenge of PKCE", async () => {
    const { provider } = new Endpoints({ scopes: ["groups"] });
    const url = new URL(await provider.authorizationUrl(LOGIN, false));
    expect(url.origin + url.pathname).toBe(`${ISSUER}/auth`);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      tenant: "1",
      client_id: "gateway",
      response_type: "code",
      scope: "openid email profile groups",
      redirect_uri: LOGIN.redirectUri,
      state: LOGIN.state,
      nonce: LOGIN.nonce,
      code_challenge: createHash("sha256").update(LOGIN.verifier).digest("base64url"),
      code_challenge_method: "S256",
    });
  });

  test("asks for another account as the provider understands it", async () => {
    const endpoints = new Endpoints();
    endpoints.metadata = { prompt_values_supported: ["none", "select_account"] };
    expect(await endpoints.provider.authorizationUrl(LOGIN, true)).toContain("prompt=select_account");
    expect(await new Endpoints().provider.authorizationUrl(LOGIN, true)).toContain("prompt=login");
  });
});

describe("a visitor that comes back", () => {
  test("has the claims of its token and of the userinfo endpoint", async () => {
    const endpoints = new Endpoints();
    endpoints.userInfo = { sub: "ann", email: "ann@a", email_verified: true, groups: ["staff"] };
    expect(await endpoints.back()).toMatchObject({
      sub: "ann",
      email: "ann@a",
      email_verified: true,
      groups: ["staff"],
    });
    const { headers, body } = endpoints.asked.find(({ url }) => url.endsWith("/token"))!;
    expect(headers["authorization"]).toBe(`Basic ${Buffer.from("gateway:se%3Acret").toString("base64")}`);
    expect(Object.fromEntries(body)).toMatchObject({ code_verifier: LOGIN.verifier, redirect_uri: LOGIN.redirectUri });
  });

  test("has no verified address made of two", async () => {
    const endpoints = new Endpoints();
    endpoints.claims = { email: "admin@a" };
    endpoints.userInfo = { sub: "ann", email: "eve@b", email_verified: true };
    expect(await endpoints.back()).toMatchObject({ email: "admin@a", email_verified: undefined });
    endpoints.claims = {};
    endpoints.userInfo = { sub: "ann", email_verified: true };
    expect(await endpoints.back()).toMatchObject({ email: undefined });
  });

  test("is not the visitor of another userinfo response", async () => {
    const endpoints = new Endpoints();
    endpoints.userInfo = { sub: "admin" };
    expect(await endpoints.back()).toMatch(/^ProviderError failed/);
  });

  test.for<[string, Record<string, unknown>]>([
    ["another nonce", { nonce: "other" }],
    ["no nonce", { nonce: undefined }],
    ["another issuer", { iss: "https://other.test" }],
    ["another audience", { aud: "other" }],
    ["a time that is over", { exp: Math.floor(Date.now() / 1_000) - PROVIDER_LIMITS.leeway / 1_000 - 5 }],
    ["a time to come", { nbf: Math.floor(Date.now() / 1_000) + PROVIDER_LIMITS.leeway / 1_000 + 60 }],
  ])("is refused if its token has %s", async ([, claims]) => {
    const endpoints = new Endpoints();
    endpoints.claims = claims;
    expect(await endpoints.back()).toMatch(/^ProviderError failed/);
    expect(endpoints.warnings).toHaveLength(1);
  });

  test("is admitted by a provider whose clock is a little wrong", async () => {
    const endpoints = new Endpoints();
    const late = Math.floor(Date.now() / 1_000) - PROVIDER_LIMITS.leeway / 2_000;
    endpoints.claims = { iat: late - 60, exp: late };
    expect(await endpoints.back()).toMatchObject({ sub: "ann" });
  });

  test("is refused if its token has no valid signature", async () => {
    const endpoints = new Endpoints();
    endpoints.signing = { ...newKey(), kid: endpoints.signing.kid };
    expect(await endpoints.back()).toMatch(/^ProviderError failed/);
  });

  test("is refused before the provider is asked, if it made its parameters up", async () => {
    const endpoints = new Endpoints();
    const parameters: Record<string, string>[] = [
      { iss: "https://other.test" },
      { code: "", state: "other" },
      { error: "access_denied" },
      { response: "x" },
      { id_token: "x" },
    ];
    for (const each of parameters)
      expect(await endpoints.back(each), JSON.stringify(each)).toMatch(/^ProviderError (denied|failed)/);
    expect(endpoints.count("/token")).toBe(0);
  });

  test.for(["access_denied", "login_required"])("is refused if the provider answers %s", async (error) => {
    const endpoints = new Endpoints();
    const query = new URLSearchParams({ error, state: LOGIN.state }).toString();
    await expect(endpoints.provider.claims(new URL(`${LOGIN.redirectUri}?${query}`), LOGIN)).rejects.toMatchObject({
      kind: "denied",
    });
    expect(endpoints.warnings).toEqual([]);
  });

  test("is refused if its code was used before, and the owner is not told", async () => {
    const endpoints = new Endpoints();
    endpoints.tokenError = "invalid_grant";
    expect(await endpoints.back()).toMatch(/^ProviderError denied/);
    expect(endpoints.warnings).toEqual([]);
  });
});

test("a wrong secret is told to the owner, once, and without the secret", async () => {
  const endpoints = new Endpoints();
  endpoints.tokenError = "invalid_client";
  for (let n = 0; n < 3; n++) expect(await endpoints.back()).toMatch(/^ProviderError failed/);
  expect(endpoints.warnings).toEqual([
    "Visitors cannot log in at https://idp.test: it responded with the error invalid_client",
  ]);
});

test("a provider that accepts no basic authentication gets the secret in the body; a public client has none", async () => {
  const endpoints = new Endpoints();
  endpoints.metadata = { token_endpoint_auth_methods_supported: ["client_secret_post"] };
  await endpoints.back();
  const open = new Endpoints({ clientSecret: undefined });
  await open.back();
  const bodies = [endpoints, open].map(({ asked }) => asked.find(({ url }) => url.endsWith("/token"))!.body);
  expect(bodies.map((body) => body.get("client_secret"))).toEqual(["se:cret", null]);
});

describe("the provider's metadata", () => {
  test("is fetched at the first login, and again while it is in use", async () => {
    const endpoints = new Endpoints();
    const discovery = "/.well-known/openid-configuration";
    expect(endpoints.asked).toEqual([]);
    await Promise.all([endpoints.back(), endpoints.back()]);
    expect(endpoints.count(discovery)).toBe(1);
    endpoints.now += PROVIDER_LIMITS.fresh;
    endpoints.metadata = { end_session_endpoint: `${ISSUER}/end` };
    expect(await endpoints.provider.endSessionUrl()).toBeUndefined();
    expect(endpoints.count(discovery)).toBe(2);
    await expect.poll(() => endpoints.provider.endSessionUrl()).toBe(`${ISSUER}/end?client_id=gateway`);
  });

  test("is used for a day while it cannot be fetched, and the owner is told", async () => {
    const endpoints = new Endpoints();
    await endpoints.back();
    endpoints.down.add("/.well-known/openid-configuration");
    endpoints.now += PROVIDER_LIMITS.fresh;
    expect(await endpoints.back()).toMatchObject({ sub: "ann" });
    await expect.poll(() => endpoints.warnings).toEqual([expect.stringContaining("did not respond")]);
    endpoints.now += PROVIDER_LIMITS.stale;
    expect(await endpoints.back()).toMatch(/^ProviderError failed/);
  });

  test("is not fetched again at once after a failure, however many visitors log in", async () => {
    const endpoints = new Endpoints();
    endpoints.down.add("/.well-known/openid-configuration");
    for (let n = 0; n < 10; n++) expect(await endpoints.back()).toMatch(/^ProviderError failed/);
    expect(endpoints.asked).toHaveLength(1);
    expect(endpoints.warnings).toHaveLength(1);
    endpoints.down.clear();
    endpoints.now += PROVIDER_LIMITS.pause;
    expect(await endpoints.back()).toMatchObject({ sub: "ann" });
  });

  test("of another issuer is refused", async () => {
    const endpoints = new Endpoints();
    endpoints.metadata = { issuer: "https://other.test" };
    expect(await endpoints.back()).toMatch(/^ProviderError failed.*issuer/);
  });
});

describe("the provider's keys", () => {
  test("may change", async () => {
    const endpoints = new Endpoints();
    await endpoints.back();
    endpoints.signing = newKey();
    endpoints.published = [endpoints.signing];
    // The first login with a new key may fail, because the code is used up by then. The next one succeeds.
    await endpoints.back();
    expect(await endpoints.back()).toMatchObject({ sub: "ann" });
  });

  test("that cannot be fetched are told to the owner", async () => {
    const endpoints = new Endpoints();
    endpoints.down.add("/keys");
    expect(await endpoints.back()).toBe("ProviderError failed: /keys did not respond");
    expect(endpoints.warnings).toEqual(["Visitors cannot log in at https://idp.test: /keys did not respond"]);
  });
});

test.for(["http://idp.test", "ftp://idp.test"])("%s is no issuer", (issuer) => {
  expect(() => new OpenIdProvider({ issuer, clientId: "a" }, { onWarning: () => {} })).toThrow(RangeError);
});
