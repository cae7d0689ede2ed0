import { outboundRequest } from "@postern/net";
import type { KeySource } from "./jwt-verifier.js";
import { PublishedKeys } from "./published-keys.js";
import { pemKey, secretKey } from "./token-key.js";

/** The keys that verify JWTs. At most one of `secret`, `publicKey` and `jwksUrl`. */
export interface KeyOptions {
  /** The secret for HS256; at least 32 bytes. */
  secret?: string;
  /**
   * A public key in PEM. Its kind determines the algorithm: RS256 for RSA, ES256, ES384 or ES512 for EC by its curve,
   * EdDSA for Ed25519.
   */
  publicKey?: string;
  /** The URL where the issuer publishes its keys (JWKS). */
  jwksUrl?: string;
  /** Whether the host of `jwksUrl` may have private addresses. Default false. */
  allowPrivate?: boolean;
  /** Bits of the largest RSA key at `jwksUrl` that is used. Default: any number. */
  mostBits?: number | undefined;
}

/** The keys of these options; undefined if they name none. @throws RangeError when a key is invalid or too weak. */
export function keySource({
  secret,
  publicKey,
  jwksUrl,
  allowPrivate = false,
  mostBits,
}: KeyOptions): KeySource | undefined {
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
      mostBits,
    );
    return (kid) => keys.find(kid);
  }
  const key = secret !== undefined ? secretKey(secret) : publicKey !== undefined ? pemKey(publicKey) : undefined;
  return key && (() => key);
}
