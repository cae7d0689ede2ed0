import { isLoopbackHost, outboundRequest } from "@postern/net";
import type * as Client from "openid-client";
import { ProviderError, type LoginProvider, type ProviderLogin, type ProviderOptions } from "./login-provider.js";
import { isDenied, isKeyFault, reasonOf } from "./provider-faults.js";

/** Times are in milliseconds. */
export const PROVIDER_LIMITS = {
  /** How long the provider's metadata is used: until it is fetched again, and at most while fetching fails. */
  fresh: 3_600_000,
  stale: 86_400_000,
  /** Time between two fetches that fail. */
  pause: 5_000,
  /** Time between two warnings. */
  report: 60_000,
  /** The maximum difference between the clocks of the provider and of the gateway. */
  leeway: 30_000,
} as const;

const SCOPES = ["openid", "email", "profile"];

export interface OpenIdProviderDependencies {
  /** Unix time in milliseconds. Default: the system's. */
  readonly now?: () => number;
  /** Called with the reason when the provider does not work, and not again until it does. */
  readonly onWarning: (text: string) => void;
  /** Sends requests to the provider. Default: over the network, with the guard for private addresses. */
  readonly fetch?: Client.CustomFetch;
}

interface Discovered {
  readonly config: Client.Configuration;
  readonly at: number;
}

/** An OpenID provider that is asked over the network. */
export class OpenIdProvider implements LoginProvider {
  readonly #options: ProviderOptions;
  readonly #issuer: URL;
  readonly #fetch: Client.CustomFetch;
  readonly #now: () => number;
  readonly #onWarning: (text: string) => void;
  #isFailing = false;
  #reportedAt = -Infinity;
  #known: Discovered | undefined;
  #asking: Promise<Client.Configuration> | undefined;
  #failedAt = -Infinity;

  /** Connects to nothing. @throws RangeError for an issuer that is not valid. */
  constructor(options: ProviderOptions, { now = Date.now, onWarning, fetch }: OpenIdProviderDependencies) {
    this.#options = options;
    this.#issuer = new URL(options.issuer);
    if (!isSecure(this.#issuer)) throw new RangeError("The issuer of logins must be an https:// URL.");
    this.#now = now;
    this.#onWarning = onWarning;
    this.#fetch = fetch ?? ((url, request) => ask(url, request, options.allowPrivate === true));
  }

  authorizationUrl({ redirectUri, state, nonce, verifier }: ProviderLogin, chooses: boolean): Promise<string> {
    return this.#use(async (client, config) => {
      const { prompt_values_supported: prompts } = config.serverMetadata();
      const isOffered = Array.isArray(prompts) && prompts.includes("select_account");
      const { href } = client.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        scope: [...new Set([...SCOPES, ...(this.#options.scopes ?? [])])].join(" "),
        state,
        nonce,
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
        // Each provider understands `login` (OpenID Connect Core, section 3.1.2.1).
        ...(chooses ? { prompt: isOffered ? "select_account" : "login" } : {}),
      });
      return href;
    });
  }

  claims(url: URL, { state, nonce, verifier }: ProviderLogin): Promise<Readonly<Record<string, unknown>>> {
    return this.#use(async (client, config) => {
      if (!isAnswer(url, config.serverMetadata())) throw new ProviderError("denied", "it is no answer of the provider");
      const tokens = await client.authorizationCodeGrant(config, url, {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
        idTokenExpected: true,
      });
      const claims = tokens.claims()!;
      const { userinfo_endpoint: more } = config.serverMetadata();
      if (more === undefined || ("email" in claims && "groups" in claims)) return { ...claims };
      const info = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
      // An address is verified only by what comes with it.
      const address = "email" in claims ? claims : info;
      const { email, email_verified } = address;
      return { ...info, ...claims, email, email_verified };
    });
  }

  endSessionUrl(): Promise<string | undefined> {
    return this.#use(async (client, config) => {
      if (config.serverMetadata().end_session_endpoint === undefined) return undefined;
      return client.buildEndSessionUrl(config).href;
    });
  }

  /** @throws ProviderError */
  async #use<T>(action: (client: typeof Client, config: Client.Configuration) => Promise<T>): Promise<T> {
    // Imported by the first login, because most gateways have none.
    const client = await import("openid-client");
    try {
      const result = await action(client, await this.#configuration(client));
      this.#isFailing = false;
      return result;
    } catch (error) {
      if (error instanceof ProviderError) throw error;
      const reason = reasonOf(client, error);
      if (isDenied(client, error)) throw new ProviderError("denied", reason);
      // The provider has a key that is newer than its metadata here.
      if (isKeyFault(client, error)) this.#known = undefined;
      this.#report(reason);
      throw new ProviderError("failed", reason);
    }
  }

  /** The provider's metadata, which is fetched at the first login, and again while it is in use. */
  async #configuration(client: typeof Client): Promise<Client.Configuration> {
    const age = this.#known === undefined ? Infinity : this.#now() - this.#known.at;
    if (this.#known !== undefined && age < PROVIDER_LIMITS.fresh) return this.#known.config;
    const asked = this.#ask(client);
    if (this.#known === undefined || age >= PROVIDER_LIMITS.stale) return await asked;
    asked.catch((error: unknown) => this.#report(reasonOf(client, error)));
    return this.#known.config;
  }

  #ask(client: typeof Client): Promise<Client.Configuration> {
    if (this.#asking !== undefined) return this.#asking;
    if (this.#now() - this.#failedAt < PROVIDER_LIMITS.pause)
      return Promise.reject(new Error("the provider is not asked again so soon after the last attempt"));
    this.#asking = this.#discover(client)
      .then((config) => {
        this.#known = { config, at: this.#now() };
        return config;
      })
      .catch((error: unknown) => {
        this.#failedAt = this.#now();
        throw error;
      })
      .finally(() => (this.#asking = undefined));
    return this.#asking;
  }

  async #discover(client: typeof Client): Promise<Client.Configuration> {
    const { clientId } = this.#options;
    // Without the checks, the signatures of tokens that come over TLS would not be verified.
    const extensions = [client.enableNonRepudiationChecks];
    if (this.#issuer.protocol === "http:") extensions.push(client.allowInsecureRequests);
    const found = await client.discovery(this.#issuer, clientId, undefined, client.None(), {
      [client.customFetch]: this.#fetch,
      execute: extensions,
    });
    const metadata = { [client.clockTolerance]: PROVIDER_LIMITS.leeway / 1_000 };
    const config = new client.Configuration(
      found.serverMetadata(),
      clientId,
      metadata,
      this.#authentication(client, found),
    );
    config[client.customFetch] = this.#fetch;
    for (const extension of extensions) extension(config);
    return config;
  }

  #authentication(client: typeof Client, found: Client.Configuration): Client.ClientAuth {
    const { clientSecret } = this.#options;
    if (clientSecret === undefined) return client.None();
    const { token_endpoint_auth_methods_supported: methods } = found.serverMetadata();
    const isBasic = methods === undefined || methods.includes("client_secret_basic");
    return isBasic ? client.ClientSecretBasic(clientSecret) : client.ClientSecretPost(clientSecret);
  }

  #report(reason: string): void {
    // A visitor can make a login fail, and the next one succeed.
    if (this.#isFailing || this.#now() - this.#reportedAt < PROVIDER_LIMITS.report) return;
    this.#isFailing = true;
    this.#reportedAt = this.#now();
    this.#onWarning(`Visitors cannot log in at ${this.#issuer.origin}: ${reason}`);
  }
}

/** Whether a visitor comes back with what this provider sends, and not with something that it made up. */
function isAnswer(
  { searchParams }: URL,
  { issuer, authorization_response_iss_parameter_supported }: Client.ServerMetadata,
): boolean {
  const names = ["code", "error", "state", "iss", "response", "id_token", "token"];
  const [codes, errors, states, issuers, ...others] = names.map((name) => searchParams.getAll(name));
  const isNamed =
    issuers!.length === 1 ? issuers![0] === issuer : authorization_response_iss_parameter_supported !== true;
  return (
    codes!.length + errors!.length === 1 &&
    states!.length === 1 &&
    issuers!.length < 2 &&
    isNamed &&
    others.flat().length === 0
  );
}

function isSecure({ protocol, hostname }: URL): boolean {
  return protocol === "https:" || (protocol === "http:" && isLoopbackHost(hostname));
}

async function ask(
  given: string,
  { method, headers, body }: Client.CustomFetchOptions,
  allowPrivate: boolean,
): Promise<Response> {
  const url = new URL(given);
  // The metadata of a provider names the other addresses.
  if (!isSecure(url)) throw new Error(`${url.origin} is not an https:// URL`);
  const response = await outboundRequest({
    url,
    method: method === "POST" ? "POST" : "GET",
    headers,
    // Requests of logins have no body, or a form.
    ...(body instanceof URLSearchParams ? { body: body.toString() } : {}),
    allowPrivate,
    allowOption: "allow_private in [server.oidc] or [tunnel.server.oidc]",
  });
  // Other statuses have no body, and Response refuses one.
  const isEmpty = response.status === 204 || response.status === 304;
  return new Response(isEmpty ? null : response.body, {
    status: response.status,
    headers: { "Content-Type": response.type },
  });
}
