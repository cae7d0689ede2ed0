import { createPublicKey, type JsonWebKey, type KeyObject } from "node:crypto";

const SHORTEST_SECRET = 32;
const SHORTEST_RSA = 2_048;

/** What verifies tokens. The key decides which algorithms count for it, never a token. */
export interface TokenKey {
  readonly key: KeyObject | Uint8Array;
  readonly algorithms: readonly string[];
}

/** A secret for HS256. @throws RangeError when it is too short to be one, or something else. */
export function secretKey(secret: string): TokenKey {
  // Whoever has the public key could sign with it: it is no secret.
  if (secret.includes("-----BEGIN "))
    throw new RangeError(
      "This is a key or certificate in PEM, and no secret. A public key belongs into public_key_file.",
    );
  const key = new TextEncoder().encode(secret);
  if (key.length < SHORTEST_SECRET) {
    throw new RangeError(
      `The secret of tokens has ${key.length} bytes; it needs ${SHORTEST_SECRET} at least. Make one with: openssl rand -hex 32`,
    );
  }
  return { key, algorithms: ["HS256"] };
}

/** A public key, or a certificate with one, in PEM. @throws RangeError that says what is wrong with it. */
export function pemKey(pem: string): TokenKey {
  // Node would take the public half of it; but whoever holds it can make tokens, and that is not the server's business.
  if (pem.includes("PRIVATE KEY"))
    throw new RangeError("This is a private key. Write its public one: openssl pkey -in KEY -pubout -out PUBLIC");
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch {
    throw new RangeError("This is no public key in PEM: it begins with -----BEGIN PUBLIC KEY-----");
  }
  return publicKey(key);
}

/** A key of a JWKS; undefined: it does not verify signatures, or is of a kind that is not taken. */
export function jwkKey(jwk: Record<string, unknown>): TokenKey | undefined {
  const { use, key_ops, alg, kty } = jwk;
  if (kty === "oct" || "d" in jwk || (use !== undefined && use !== "sig")) return undefined;
  if (key_ops !== undefined && !(Array.isArray(key_ops) && key_ops.includes("verify"))) return undefined;
  try {
    const found = publicKey(createPublicKey({ key: jwk as JsonWebKey, format: "jwk" }));
    if (alg === undefined) return found;
    const allowed = found.algorithms[0] === "RS256" ? RSA : found.algorithms;
    return allowed.includes(alg as string) ? { ...found, algorithms: [alg as string] } : undefined;
  } catch {
    return undefined;
  }
}

/** Whoever publishes an RSA key may say which of these it is for. */
const RSA: readonly string[] = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];
const CURVES: Readonly<Record<string, string>> = { prime256v1: "ES256", secp384r1: "ES384", secp521r1: "ES512" };

function publicKey(key: KeyObject): TokenKey {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === "rsa") {
    const bits = details?.modulusLength ?? 0;
    if (bits < SHORTEST_RSA) throw new RangeError(`An RSA key needs ${SHORTEST_RSA} bits at least; this has ${bits}.`);
    return { key, algorithms: ["RS256"] };
  }
  const curve = CURVES[details?.namedCurve ?? ""];
  if (type === "ec" && curve !== undefined) return { key, algorithms: [curve] };
  // One algorithm with two names: RFC 8037, and RFC 9864.
  if (type === "ed25519") return { key, algorithms: ["EdDSA", "Ed25519"] };
  throw new RangeError("Keys of tokens are RSA, EC on P-256, P-384 or P-521, or Ed25519.");
}
