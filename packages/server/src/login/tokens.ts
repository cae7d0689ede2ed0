import { jwtClaims, keySource, looksLikeJwt, type Claims, type KeyOptions, type KeySource } from "@postern/gateway";
import { LOGIN_LIMITS, TunnelError, type Auth } from "@postern/protocol";
import type { Authenticator, Principal, Recheck } from "./principal.js";
import { Introspection, type IntrospectionOptions } from "./introspection.js";
import { tokenHolder, type HolderRules } from "./token-claims.js";
import { tokenRefusal } from "./token-refusal.js";

/**
 * Which tokens are accepted. JWTs require one of `secret`, `publicKey` and `jwksUrl`; opaque tokens require
 * `introspection`.
 */
export interface TokenOptions extends KeyOptions {
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
  readonly #rules: HolderRules;

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
      return this.#principal(await verified(token, this.#keys), undefined);
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

/** @throws TunnelError */
async function verified(token: string, keys: KeySource): Promise<Claims> {
  try {
    return await jwtClaims(token, keys);
  } catch (error) {
    throw tokenRefusal(error);
  }
}
