import { createPublicKey, type JsonWebKey, type KeyObject } from "node:crypto";
import { weakKeyFault } from "@postern/net";

const SHORTEST_SECRET = 32;
const SHORTEST_RSA = 2_048;

/** A key that verifies tokens. The algorithms depend on the key, never on a token. */
export interface TokenKey {
  readonly key: KeyObject | Uint8Array;
  readonly algorithms: readonly string[];
}

/** A secret for HS256. @throws RangeError when it is too short or not a secret. */
export function secretKey(secret: string): TokenKey {
  // Anyone who has a public key could sign with it.
  if (secret.includes("-----BEGIN "))
    throw new RangeError(
      "This is a key or certificate in PEM, not a secret. Configure a public key as public_key_file.",
    );
  const key = new TextEncoder().encode(secret);
  if (key.length < SHORTEST_SECRET) {
    throw new RangeError(
      `The token secret has ${key.length} bytes; at least ${SHORTEST_SECRET} are required. Create one with: openssl rand -hex 32`,
    );
  }
  return { key, algorithms: ["HS256"] };
}

/** A public key in PEM, or a certificate with one. @throws RangeError with the reason. */
export function pemKey(pem: string): TokenKey {
  // Node would accept its public half, but a key that can issue tokens must not be on the server.
  if (pem.includes("PRIVATE KEY"))
    throw new RangeError("This is a private key. Extract the public key: openssl pkey -in KEY -pubout -out PUBLIC");
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch {
    throw new RangeError("This is not a public key in PEM, which begins with -----BEGIN PUBLIC KEY-----");
  }
  return publicKey(key);
}

/**
 * A key of a JWKS; undefined: it does not verify signatures, or its kind is not supported.
 * @param mostBits of an RSA key: larger ones cost much time for each token
 */
export function jwkKey(jwk: Record<string, unknown>, mostBits = Infinity): TokenKey | undefined {
  const { use, key_ops, alg, kty } = jwk;
  if (kty === "oct" || "d" in jwk || (use !== undefined && use !== "sig")) return undefined;
  if (key_ops !== undefined && !(Array.isArray(key_ops) && key_ops.includes("verify"))) return undefined;
  try {
    const key = createPublicKey({ key: jwk as JsonWebKey, format: "jwk" });
    if ((key.asymmetricKeyDetails?.modulusLength ?? 0) > mostBits) return undefined;
    const found = publicKey(key);
    if (alg === undefined) return found;
    const allowed = found.algorithms[0] === "RS256" ? RSA : found.algorithms;
    return allowed.includes(alg as string) ? { ...found, algorithms: [alg as string] } : undefined;
  } catch {
    return undefined;
  }
}

/** The algorithms for which an RSA key may be published. */
const RSA: readonly string[] = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];
const CURVES: Readonly<Record<string, string>> = { prime256v1: "ES256", secp384r1: "ES384", secp521r1: "ES512" };

function publicKey(key: KeyObject): TokenKey {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === "rsa") {
    const bits = details?.modulusLength ?? 0;
    if (bits < SHORTEST_RSA)
      throw new RangeError(`An RSA key needs at least ${SHORTEST_RSA} bits; this one has ${bits}.`);
    const weakness = weakKeyFault(key);
    if (weakness !== undefined) throw new RangeError(`This key cannot be used: ${weakness}.`);
    return { key, algorithms: ["RS256"] };
  }
  const curve = CURVES[details?.namedCurve ?? ""];
  if (type === "ec" && curve !== undefined) return { key, algorithms: [curve] };
  // RFC 8037 and RFC 9864 name the same algorithm differently.
  if (type === "ed25519") return { key, algorithms: ["EdDSA", "Ed25519"] };
  throw new RangeError("Token keys are RSA, EC (P-256, P-384 or P-521) or Ed25519.");
}
