import { X509Certificate } from "node:crypto";
import { builtins } from "../builtins.js";
import { TlsError } from "./errors.js";
import { separateLists } from "./revocation-list.js";
import { weakKeyFault } from "./weak-key.js";

/** The options that decide which certificates are trusted, for suggested fixes. */
export interface TrustOptions {
  /** The option for CAs. */
  ca: string;
  /** What to do about a certificate for another name. */
  name: string;
  /** How to accept any certificate, for peers where that is reasonable. */
  any?: string;
}

const SERVER_OPTIONS: TrustOptions = {
  ca: "ca_file",
  name: "use that name as the address, or set sni_hostname to it",
};

/** Why a peer's certificate is not trusted, by OpenSSL's code, with a suggested fix. */
const FAULTS: Readonly<Record<string, (options: TrustOptions) => string>> = {
  ERR_TLS_CERT_ALTNAME_INVALID: ({ name }) => `the certificate was issued for another name: ${name}`,
  CERT_HAS_EXPIRED: () =>
    "the certificate has expired: its owner must renew it; if it has not, check this machine's clock",
  CERT_NOT_YET_VALID: () => "the certificate is not valid yet: check this machine's clock",
  DEPTH_ZERO_SELF_SIGNED_CERT: ({ ca }) => `the certificate is self-signed: set ${ca} to it if you trust it`,
  SELF_SIGNED_CERT_IN_CHAIN: untrustedCa,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ({ ca }) =>
    `its CA is not trusted: set ${ca} to the CA's certificate, or configure the server to send its whole chain`,
  UNABLE_TO_GET_ISSUER_CERT: untrustedCa,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrustedCa,
  CERT_SIGNATURE_FAILURE: ({ ca }) => `the certificate was not signed by the trusted CA: check ${ca}`,
  CERT_REVOKED: () => "the certificate was revoked by its CA: its owner must get a new one",
  CRL_HAS_EXPIRED: () => "the revocation list has expired: fetch the current one of the CA",
  UNABLE_TO_GET_CRL: () => "there is no revocation list of its CA: add it to crl_file",
};

function untrustedCa({ ca }: TrustOptions): string {
  return `its CA is not trusted: set ${ca} to the CA's certificate if you trust it`;
}

/**
 * Why a peer's certificate is not trusted; undefined when `error` has another cause.
 * @param options for the suggested fix. Default: those for servers, in `[tunnel.ssl]`.
 */
export function trustFault(error: NodeJS.ErrnoException, options = SERVER_OPTIONS): string | undefined {
  const { code = "" } = error;
  const otherwise = options.any === undefined ? "" : `, or ${options.any}`;
  if (Object.hasOwn(FAULTS, code)) return `${FAULTS[code]?.(options)}${otherwise}`;
  if (!/^(CERT_|CRL_|UNABLE_TO_|INVALID_CA|PATH_LENGTH|HOSTNAME_)/.test(code)) return undefined;
  // Node.js adds advice about its own options after a semicolon.
  return `the certificate cannot be verified (${(error.message || code).split(";", 1)[0]})${otherwise}`;
}

/** Checks that CA and CRL texts can be used. @param names for messages. @throws TlsError PN_TLS_FILE, PN_TLS_KEY */
export function checkTrustPem(pem: { ca?: string; crl?: string }, names: { ca: string; crl: string }): void {
  if (pem.ca !== undefined) checkCas(pem.ca, names.ca);
  if (pem.crl === undefined) return;
  try {
    const lists = separateLists(pem.crl);
    if (lists.length === 0) throw new RangeError("no list");
    builtins.tls.createSecureContext({ crl: lists });
  } catch {
    throw new TlsError(
      "PN_TLS_FILE",
      `${names.crl} does not contain a revocation list. Use PEM: -----BEGIN X509 CRL-----`,
    );
  }
}

function checkCas(pem: string, name: string): void {
  let cas: X509Certificate[] = [];
  try {
    cas = certificatesIn(pem);
  } catch {
    // Reported below.
  }
  if (cas.length === 0)
    throw new TlsError(
      "PN_TLS_FILE",
      `${name} does not contain a CA certificate. Use PEM: -----BEGIN CERTIFICATE-----`,
    );
  for (const { publicKey } of cas) {
    const weakness = weakKeyFault(publicKey);
    if (weakness !== undefined)
      throw new TlsError("PN_TLS_KEY", `A certificate in ${name} cannot be used: ${weakness}.`);
  }
}

/** The certificates in a PEM text. @throws Error when one of them cannot be read. */
export function certificatesIn(pem: string): X509Certificate[] {
  const all = pem.match(/-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g) ?? [];
  return all.map((one) => new X509Certificate(one));
}
