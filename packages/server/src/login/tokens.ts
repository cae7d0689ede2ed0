import { LOGIN_LIMITS, TunnelError, type Auth } from "@postern/protocol";
import type { Authenticator, Principal, Recheck } from "./principal.js";
import { Introspection, type IntrospectionOptions } from "./introspection.js";
import { jwtClaims, looksLikeJwt, type KeySource } from "./jwt-verifier.js";
import { outboundRequest } from "@postern/net";
import { PublishedKeys } from "./published-keys.js";
import { tokenHolder, type ClaimRules, type Claims } from "./token-claims.js";
import { pemKey, secretKey } from "./token-key.js";

/** How clients log in by token. JWTs need one of `secret`, `publicKey` and `jwksUrl`, opaque tokens `introspection`. */
export interface TokenOptions {
  /** For HS256; 32 bytes at least. */
  secret?: string;
  /** In PEM. Its kind decides the algorithm: RSA is RS256, EC is ES256, ES384 or ES512 by its curve, Ed25519 is EdDSA. */
  publicKey?: string;
  /** Where the issuer publishes its keys. */
  jwksUrl?: string;
  introspection?: IntrospectionOptions;
  /** What `iss` has to be. Default: anything. */
  issuer?: string;
  /** What `aud` has to name. Default: anything. */
  audience?: string;
  /** The claim with the user, who owns the names that are taken. Default `sub`. */
  userClaim?: string;
  /** The claim with the names that the user may take, `prefix-*` included; a token without it may take any. Default `postern_names`. */
  namesClaim?: string;
  /** The longest that a token may be valid, in milliseconds. Default: any time. */
  longest?: number;
  /** Whether the names in `jwksUrl` and `introspection` may lead to private addresses. Default false. */
  allowPrivate?: boolean;
}

const PRINTABLE = /^[\x21-\x7e]+$/;

/** Knows tokens: JWTs by their signature, others by asking their issuer. */
export class Tokens implements Authenticator {
  readonly #keys: KeySource | undefined;
  readonly #introspection: Introspection | undefined;
  readonly #rules: ClaimRules;

  /** @throws RangeError when a key is none, or too weak. */
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
    if (token === undefined || !PRINTABLE.test(token)) throw new TunnelError("PN_AUTH_REFUSED", "no token");
    if (token.length > LOGIN_LIMITS.token) throw new TunnelError("PN_AUTH_REFUSED", "a token that is too long");
    if (this.#keys !== undefined && (this.#introspection === undefined || looksLikeJwt(token)))
      return this.#principal(await jwtClaims(token, this.#keys), undefined);
    return this.#introspected(token, this.#introspection as Introspection);
  }

  async #introspected(token: string, introspection: Introspection, known = false): Promise<Principal> {
    const { claims, askedAt } = await introspection.answer(token, known);
    const again = (): Promise<Principal> => this.#introspected(token, introspection, true);
    // An answer that was remembered has counted for a while already.
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
    throw new RangeError("Tokens have one of secret, publicKey and jwksUrl: otherwise they could choose.");
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
