import { compactVerify, errors, type CompactJWSHeaderParameters } from "jose";
import { TunnelError } from "@postern/protocol";
import type { Claims } from "./token-claims.js";
import type { TokenKey } from "./token-key.js";

/** Every algorithm that a key can stand for. `none` is not among them. */
const ALGORITHMS = "HS256 RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519".split(" ");

/** Finds the key for a token by its `kid`, which may be what it likes. Undefined: there is none. */
export type KeySource = (kid: string | undefined) => TokenKey | undefined | Promise<TokenKey | undefined>;

/** Whether it has the form of a JWT: three parts, the first of which is JSON. */
export function looksLikeJwt(token: string): boolean {
  return /^eyJ[\w-]*\.[\w-]+\.[\w-]*$/.test(token);
}

/**
 * The claims of a JWT whose signature is right. Of its header only `kid` is believed, and only to choose among keys that we have; `jku`, `jwk`,
 * `x5u` and `x5c` are not looked at. @throws TunnelError PN_AUTH_REFUSED with what is wrong, and what `keys` throws.
 */
export async function jwtClaims(token: string, keys: KeySource): Promise<Claims> {
  const keyFor = async ({ alg, kid, crit }: CompactJWSHeaderParameters): Promise<TokenKey["key"]> => {
    // No extension is known here, nor is a payload that is not encoded (RFC 7797, section 7).
    if (crit !== undefined) throw refusal("its header has a crit");
    if (kid !== undefined && typeof kid !== "string") throw refusal("kid is no text");
    const found = await keys(kid);
    if (found === undefined) throw refusal("no key of that kid");
    // The key says what it is for. Otherwise a public key could be taken for the secret of an HMAC.
    if (!found.algorithms.includes(alg)) throw refusal("its algorithm is not the key's");
    return found.key;
  };
  try {
    const { payload } = await compactVerify(token, keyFor, { algorithms: ALGORITHMS });
    const claims: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload));
    if (typeof claims !== "object" || claims === null || Array.isArray(claims))
      throw refusal("its payload is no object");
    if (!Object.hasOwn(claims, "exp")) throw refusal("it has no exp");
    return claims as Claims;
  } catch (error) {
    if (error instanceof TunnelError) throw error;
    // What other libraries say may repeat what they were given.
    throw refusal(error instanceof errors.JOSEError ? error.code : "it cannot be read");
  }
}

function refusal(detail: string): TunnelError {
  return new TunnelError("PN_AUTH_REFUSED", detail);
}
