/** An OpenID provider, and this gateway as its client. */
export interface ProviderOptions {
  /** Its URL, as in its metadata. */
  readonly issuer: string;
  readonly clientId: string;
  /** Undefined: the client is a public one. */
  readonly clientSecret?: string | undefined;
  /** The one URL to which the provider sends visitors back. Undefined: that of the host that a visitor requested. */
  readonly callbackUrl?: string | undefined;
  /** More scopes than `openid`, `email` and `profile`. */
  readonly scopes?: readonly string[] | undefined;
  /** Whether the provider may have private addresses. Default false. */
  readonly allowPrivate?: boolean | undefined;
}

/** A login at the provider. All but `prompt` is checked when the visitor comes back. */
export interface ProviderLogin {
  readonly redirectUri: string;
  readonly state: string;
  readonly nonce: string;
  /** Of PKCE (RFC 7636). */
  readonly verifier: string;
}

/** What logins need of a provider. Rejections are `ProviderError`s. */
export interface LoginProvider {
  /** The address where a visitor logs in. @param chooses the visitor wants another account */
  authorizationUrl(login: ProviderLogin, chooses: boolean): Promise<string>;
  /** The claims of a visitor that came back to this URL. */
  claims(url: URL, login: ProviderLogin): Promise<Readonly<Record<string, unknown>>>;
  /** The address where a visitor logs out; undefined if the provider has none. */
  endSessionUrl(): Promise<string | undefined>;
}

/** A login that cannot be completed. The message is for the owner, and contains no secrets. */
export class ProviderError extends Error {
  override readonly name = "ProviderError";
  /** `denied`: by the visitor, or because of what the visitor sent. `failed`: the provider, or its configuration. */
  readonly kind: "denied" | "failed";

  constructor(kind: ProviderError["kind"], message: string) {
    super(message);
    this.kind = kind;
  }
}
