import { X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import { TlsError } from "./errors.js";
import { separateLists } from "./revocation-list.js";
import { weakKeyFault } from "./weak-key.js";

/** Why a peer's certificate is not trusted, by OpenSSL's code, with a suggested fix. */
const FAULTS: Readonly<Record<string, string>> = {
  ERR_TLS_CERT_ALTNAME_INVALID:
    "the certificate was issued for another name: use that name as the address, or set sni_hostname to it",
  CERT_HAS_EXPIRED: "the certificate has expired: its owner must renew it; if it has not, check this machine's clock",
  CERT_NOT_YET_VALID: "the certificate is not valid yet: check this machine's clock",
  DEPTH_ZERO_SELF_SIGNED_CERT: "the certificate is self-signed: set ca_file to it if you trust it",
  SELF_SIGNED_CERT_IN_CHAIN: "its CA is not trusted: set ca_file to the CA's certificate if you trust it",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    "its CA is not trusted: set ca_file to the CA's certificate, or configure the server to send its whole chain",
  UNABLE_TO_GET_ISSUER_CERT: "its CA is not trusted: set ca_file to the CA's certificate",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its CA is not trusted: set ca_file to the CA's certificate",
  CERT_SIGNATURE_FAILURE: "the certificate was not signed by the trusted CA: check ca_file",
  CERT_REVOKED: "the certificate was revoked by its CA: its owner must get a new one",
  CRL_HAS_EXPIRED: "the revocation list has expired: get the current list from the CA",
  UNABLE_TO_GET_CRL: "there is no revocation list of its CA: add it to crl_file",
};

/** Why a peer's certificate is not trusted; undefined when `error` has another cause. */
export function trustFault(error: NodeJS.ErrnoException): string | undefined {
  const { code = "" } = error;
  if (Object.hasOwn(FAULTS, code)) return FAULTS[code];
  return /^(CERT_|CRL_|UNABLE_TO_|INVALID_CA|PATH_LENGTH|HOSTNAME_)/.test(code) ? error.message || code : undefined;
}

/** Checks that CA and CRL texts can be used. @param names for messages. @throws TlsError PN_TLS_FILE, PN_TLS_KEY */
export function checkTrustPem(pem: { ca?: string; crl?: string }, names: { ca: string; crl: string }): void {
  if (pem.ca !== undefined) checkCas(pem.ca, names.ca);
  if (pem.crl === undefined) return;
  try {
    const lists = separateLists(pem.crl);
    if (lists.length === 0) throw new RangeError("no list");
    createSecureContext({ crl: lists });
  } catch {
    throw new TlsError(
      "PN_TLS_FILE",
      `${names.crl} does not contain a revocation list. Use PEM: -----BEGIN X509 CRL-----`,
    );
  }
}

function checkCas(pem: string, name: string): void {
  for (const one of pem.match(/-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g) ?? [""]) {
    let ca: X509Certificate;
    try {
      ca = new X509Certificate(one);
    } catch {
      throw new TlsError(
        "PN_TLS_FILE",
        `${name} does not contain a CA certificate. Use PEM: -----BEGIN CERTIFICATE-----`,
      );
    }
    const weakness = weakKeyFault(ca.publicKey);
    if (weakness !== undefined)
      throw new TlsError("PN_TLS_KEY", `A certificate in ${name} cannot be used: ${weakness}.`);
  }
}
