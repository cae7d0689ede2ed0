import type { CompactJWSHeaderParameters } from "jose";
import type { Claims } from "./claims.js";
import { TokenError } from "./token-error.js";
import type { TokenKey } from "./token-key.js";

/** The supported algorithms, without `none`. */
const ALGORITHMS = "HS256 RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519".split(" ");

/** Finds the key for a token by its untrusted `kid`. Undefined: there is no such key. */
export type KeySource = (kid: string | undefined) => TokenKey | undefined | Promise<TokenKey | undefined>;

/** Whether `token` has the form of a JWT: three parts, the first of which is JSON. */
export function looksLikeJwt(token: string): boolean {
  return /^eyJ[\w-]*\.[\w-]+\.[\w-]*$/.test(token);
}

/**
 * Returns the claims of a JWT with a valid signature. Only `kid` of its header is used, to select one of the configured
 * keys; `jku`, `jwk`, `x5u` and `x5c` are ignored.
 * @throws TokenError `refused` with a reason, and the errors that `keys` throws.
 */
export async function jwtClaims(token: string, keys: KeySource): Promise<Claims> {
  const keyFor = async ({ alg, kid, crit }: CompactJWSHeaderParameters): Promise<TokenKey["key"]> => {
    // Extensions and unencoded payloads (RFC 7797, section 7) are not supported.
    if (crit !== undefined) throw refusal("its header has crit");
    if (kid !== undefined && typeof kid !== "string") throw refusal("kid is not a string");
    const found = await keys(kid);
    if (found === undefined) throw refusal("no key has this kid");
    // The key determines the algorithm. Otherwise a public key could serve as the secret of an HMAC.
    if (!found.algorithms.includes(alg)) throw refusal("its algorithm does not match the key");
    return found.key;
  };
  // Imported by the first token, because most servers and routes accept none.
  const { compactVerify, errors } = await import("jose");
  try {
    const { payload } = await compactVerify(token, keyFor, { algorithms: ALGORITHMS });
    const claims: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload));
    if (typeof claims !== "object" || claims === null || Array.isArray(claims))
      throw refusal("its payload is not an object");
    if (!Object.hasOwn(claims, "exp")) throw refusal("it has no exp");
    return claims as Claims;
  } catch (error) {
    if (error instanceof TokenError) throw error;
    // Messages of other libraries may repeat the token.
    throw refusal(error instanceof errors.JOSEError ? error.code : "it cannot be read");
  }
}

function refusal(detail: string): TokenError {
  return new TokenError("refused", detail);
}
