import { X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import { TlsError } from "./errors.js";
import { separateLists } from "./revocation-list.js";

/** What is wrong with a certificate of somebody else, by OpenSSL's code, and what to do about it. */
const FAULTS: Readonly<Record<string, string>> = {
  ERR_TLS_CERT_ALTNAME_INVALID:
    "it was issued for another name: use that name as the address, or set sni_hostname to it",
  CERT_HAS_EXPIRED: "it has expired: its owner has to renew it; if it should not have, check this machine's clock",
  CERT_NOT_YET_VALID: "it is not valid yet: check this machine's clock",
  DEPTH_ZERO_SELF_SIGNED_CERT: "it is signed by itself: set ca_file to it if you know it",
  SELF_SIGNED_CERT_IN_CHAIN: "its CA is not known here: set ca_file to the CA's certificate if you know it",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    "its CA is not known here: set ca_file to the CA's certificate, or let the server send its whole chain",
  UNABLE_TO_GET_ISSUER_CERT: "its CA is not known here: set ca_file to the CA's certificate",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its CA is not known here: set ca_file to the CA's certificate",
  CERT_SIGNATURE_FAILURE: "it was not signed by the CA that is trusted: check ca_file",
  CERT_REVOKED: "it was revoked by its CA: its owner has to get a new one",
  CRL_HAS_EXPIRED: "the revocation list is out of date: fetch the CA's current one",
  UNABLE_TO_GET_CRL: "no revocation list of its CA is there: add it to crl_file",
};

/** Why a peer's certificate is not trusted, in words; undefined when `error` is about something else. */
export function trustFault(error: NodeJS.ErrnoException): string | undefined {
  const { code = "" } = error;
  if (Object.hasOwn(FAULTS, code)) return FAULTS[code];
  return /^(CERT_|CRL_|UNABLE_TO_|INVALID_CA|PATH_LENGTH|HOSTNAME_)/.test(code) ? error.message || code : undefined;
}

/** Checks PEM texts that say whom to trust. @throws TlsError PN_TLS_FILE that calls them by their names. */
export function checkTrustPem(pem: { ca?: string; crl?: string }, names: { ca: string; crl: string }): void {
  if (pem.ca !== undefined) {
    try {
      for (const one of pem.ca.match(/-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g) ?? [""])
        new X509Certificate(one);
    } catch {
      throw new TlsError(
        "PN_TLS_FILE",
        `${names.ca} holds no CA certificate. It should be PEM: -----BEGIN CERTIFICATE-----`,
      );
    }
  }
  if (pem.crl === undefined) return;
  try {
    const lists = separateLists(pem.crl);
    if (lists.length === 0) throw new RangeError("no list");
    createSecureContext({ crl: lists });
  } catch {
    throw new TlsError(
      "PN_TLS_FILE",
      `${names.crl} holds no revocation list. It should be PEM: -----BEGIN X509 CRL-----`,
    );
  }
}
