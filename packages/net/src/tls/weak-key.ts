import type { KeyObject, X509Certificate } from "node:crypto";

/**
 * Returns why a signature that this public key verifies can be forged; undefined if the key can be used. With an RSA
 * exponent of 1, a signature is its own message, and anyone can write it (RFC 8017, section 3.1).
 */
export function weakKeyFault({ asymmetricKeyDetails }: KeyObject): string | undefined {
  const exponent = asymmetricKeyDetails?.publicExponent;
  if (exponent === undefined || (exponent >= 3n && exponent % 2n === 1n)) return undefined;
  return `its RSA exponent is ${exponent}, so anyone can forge its signatures. Create a new key, with the exponent 65537`;
}

/** Returns the same for a certificate and the CAs above it. */
export function weakChainFault(chain: readonly X509Certificate[]): string | undefined {
  return chain.map(({ publicKey }) => weakKeyFault(publicKey)).find((fault) => fault !== undefined);
}
