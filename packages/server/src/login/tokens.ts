import { LOGIN_LIMITS, TunnelError, type Auth } from "@postern/protocol";
import type { Authenticator, Principal, Recheck } from "./principal.js";
import { Introspection, type IntrospectionOptions } from "./introspection.js";
import { jwtClaims, looksLikeJwt, type KeySource } from "./jwt-verifier.js";
import { outboundRequest } from "@postern/net";
import { PublishedKeys } from "./published-keys.js";
import { tokenHolder, type ClaimRules, type Claims } from "./token-claims.js";
import { pemKey, secretKey } from "./token-key.js";

/**
 * Which tokens are accepted. JWTs require one of `secret`, `publicKey` and `jwksUrl`; opaque tokens require
 * `introspection`.
 */
export interface TokenOptions {
  /** The secret for HS256; at least 32 bytes. */
  secret?: string;
  /**
   * A public key in PEM. Its kind determines the algorithm: RS256 for RSA, ES256, ES384 or ES512 for EC by its curve,
   * EdDSA for Ed25519.
   */
  publicKey?: string;
  /** The URL where the issuer publishes its keys (JWKS). */
  jwksUrl?: string;
  introspection?: IntrospectionOptions;
  /** The required `iss`. Default: any. */
  issuer?: string;
  /** The required audience in `aud`. Default: any. */
  audience?: string;
  /** The claim with the user, who owns the names of the tunnels. Default `sub`. */
  userClaim?: string;
  /**
   * The claim with the names that the user may bind, as names or `prefix-*`; without the claim, any name. Default
   * `postern_names`.
   */
  namesClaim?: string;
  /** The longest lifetime of a token, in milliseconds. Default: unlimited. */
  longest?: number;
  /** Whether the hosts of `jwksUrl` and `introspection` may have private addresses. Default false. */
  allowPrivate?: boolean;
}

const PRINTABLE = /^[\x21-\x7e]+$/;

/** Checks tokens: JWTs by their signature, opaque tokens by asking their issuer. */
export class Tokens implements Authenticator {
  readonly #keys: KeySource | undefined;
  readonly #introspection: Introspection | undefined;
  readonly #rules: ClaimRules;

  /** @throws RangeError when a key is invalid or too weak. */
  constructor(options: TokenOptions) {
    const { introspection, allowPrivate = false } = options;
    this.#keys = keySource(options);
    this.#introspection = introspection && new Introspection(introspection, allowPrivate);
    if (this.#keys === undefined && this.#introspection === undefined)
      throw new RangeError("Tokens need a secret, a public key, a jwksUrl or an introspection.");
    this.#rules = {
      issuer: options.issuer,
      audience: options.audience,
      userClaim: options.userClaim ?? "sub",
      namesClaim: options.namesClaim ?? "postern_names",
      longest: options.longest ?? Infinity,
    };
  }

  async authenticate({ token }: Auth): Promise<Principal> {
    if (token === undefined || !PRINTABLE.test(token))
      throw new TunnelError("PN_AUTH_REFUSED", "the token is missing or not printable");
    if (token.length > LOGIN_LIMITS.token) throw new TunnelError("PN_AUTH_REFUSED", "the token is too long");
    if (this.#keys !== undefined && (this.#introspection === undefined || looksLikeJwt(token)))
      return this.#principal(await jwtClaims(token, this.#keys), undefined);
    return this.#introspected(token, this.#introspection as Introspection);
  }

  async #introspected(token: string, introspection: Introspection, known = false): Promise<Principal> {
    const { claims, askedAt } = await introspection.check(token, known);
    const again = (): Promise<Principal> => this.#introspected(token, introspection, true);
    // A cached response is older than this call.
    const every = Math.max(askedAt + introspection.every - performance.now(), 0);
    return this.#principal(claims, { every, again });
  }

  #principal(claims: Claims, recheck: Recheck | undefined): Principal {
    const { owner, names, expiresAt } = tokenHolder(claims, this.#rules, Date.now());
    return { owner, user: owner, names, expiresAt, isAccepted: () => true, recheck };
  }
}

function keySource({ secret, publicKey, jwksUrl, allowPrivate = false }: TokenOptions): KeySource | undefined {
  if ([secret, publicKey, jwksUrl].filter((each) => each !== undefined).length > 1)
    throw new RangeError("Configure only one of secret, publicKey and jwksUrl: a token must not choose its key.");
  if (jwksUrl !== undefined) {
    const url = new URL(jwksUrl);
    const keys = new PublishedKeys(
      async () => {
        const { status, body } = await outboundRequest({ url, allowPrivate });
        if (status !== 200) throw new Error(`HTTP ${status}`);
        return body;
      },
      () => performance.now(),
    );
    return (kid) => keys.find(kid);
  }
  const key = secret !== undefined ? secretKey(secret) : publicKey !== undefined ? pemKey(publicKey) : undefined;
  return key && (() => key);
}
