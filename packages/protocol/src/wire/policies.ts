/**
 * The access policies of a tunnel, as `bind` and `check` carry them: PROTOCOL.md, section 4. The server reads them
 * strictly, and enforces all of them or refuses the tunnel. The keys are those of `[proxy.access]`, with contents in
 * place of names of files.
 */
export interface Policies {
  /** IP addresses and networks that may use the tunnel; all others are refused. */
  readonly allow_ips?: readonly string[];
  /** IP addresses and networks that may not use it. */
  readonly deny_ips?: readonly string[];
  /** Users, each as a line of htpasswd: `name:hash`. */
  readonly basic_auth?: readonly string[];
  /** The hash of a password that visitors enter on a page. */
  readonly password_file?: string;
  readonly jwt?: JwtPolicy;
  readonly oidc?: OidcPolicy;
  readonly webhook?: WebhookPolicy;
  readonly forward_auth?: ForwardAuthPolicy;
  readonly rate_limit?: RateLimitPolicy;
}

/** Exactly one of `secret`, `public_key` and `jwks_url`. */
export interface JwtPolicy {
  readonly secret?: string;
  /** PEM. */
  readonly public_key?: string;
  readonly jwks_url?: string;
  readonly issuer?: string;
  readonly audience?: string;
  /** Fields for the local service, each with the claim that it contains. Default: X-Forwarded-User with `sub`. */
  readonly claim_fields?: Readonly<Record<string, string>>;
}

/** A login at the OpenID provider of the server. Lists are not empty. */
export interface OidcPolicy {
  readonly emails?: readonly string[];
  readonly domains?: readonly string[];
  readonly groups?: readonly string[];
  /** Milliseconds until the provider is asked again, at least 60,000. */
  readonly max_age: number;
}

/** How the senders of webhooks sign. `header` and what follows are for the kind `hmac`. */
export interface WebhookPolicy {
  readonly kind: "github" | "stripe" | "slack" | "standard-webhooks" | "hmac";
  /** 1 to 8, each valid. */
  readonly secret: readonly string[];
  readonly header?: string;
  /** Default `sha256`. */
  readonly algorithm?: "sha256" | "sha1" | "sha512";
  /** Default `hex`. */
  readonly encoding?: "hex" | "base64";
  /** Default: empty. */
  readonly prefix?: string;
  /** Milliseconds. Default 300,000. */
  readonly window?: number;
  /** Bytes of a body. Default 1,000,000. */
  readonly max_size?: number;
}

export interface ForwardAuthPolicy {
  readonly url: string;
  readonly response_fields?: readonly string[];
}

/** At least one of `requests_per_minute` and `max_concurrent`. */
export interface RateLimitPolicy {
  readonly requests_per_minute?: number;
  /** Milliseconds, at least 1,000. Default 60,000. */
  readonly window?: number;
  readonly burst?: number;
  readonly max_concurrent?: number;
  readonly by_header?: string;
  readonly message?: string;
}

/** The maximum size of `policies`, in bytes of JSON. */
export const MAX_POLICIES = 8 * 1024;

/** The size of `policies` in bytes of JSON without spaces. */
export function policiesSize(policies: object): number {
  return Buffer.byteLength(JSON.stringify(policies));
}
