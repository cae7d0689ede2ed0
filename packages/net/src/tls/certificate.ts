import { createPrivateKey, X509Certificate, type KeyObject } from "node:crypto";
import { TlsError } from "./errors.js";
import { weakKeyFault } from "./weak-key.js";

/** A certificate and its key, PEM. */
export interface CertificatePem {
  certificate: Buffer | string;
  key: Buffer | string;
  /** Intermediate certificates, if `certificate` does not contain them. */
  chain?: Buffer | string;
  /** The passphrase of an encrypted key. */
  passphrase?: string;
  /** Whether a certificate that is not valid now is accepted. Default false. */
  acceptExpired?: boolean;
  /** How messages name the certificate and the key, for example by their paths. */
  names?: { certificate: string; key: string };
}

/** A usable certificate: the key belongs to it. */
export interface Certificate {
  /** The certificate and its chain, PEM. */
  readonly pem: string;
  /** The private key, PEM, not encrypted. Secret. */
  readonly key: string;
  /** The DNS names in the certificate, in lower case; a leading `*` stands for one label. */
  readonly names: readonly string[];
  readonly notAfter: Date;
  /** Why it is not valid now, and what to do. Undefined: it is valid. */
  readonly fault: string | undefined;
}

const DAY = 86_400_000;

/** Parses and verifies a certificate and its key. @throws TlsError */
export function readCertificate(given: CertificatePem, now: number = Date.now()): Certificate {
  const names = given.names ?? { certificate: "the certificate", key: "the key" };
  const leaf = parsed(given.certificate, names.certificate);
  if (given.chain !== undefined) parsed(given.chain, `the chain of ${names.certificate}`);
  const weakness = weakKeyFault(leaf.publicKey);
  if (weakness !== undefined) throw new TlsError("PN_TLS_KEY", `${names.certificate} cannot be used: ${weakness}.`);
  const key = privateKey(given, names.key);
  if (!leaf.checkPrivateKey(key))
    throw new TlsError(
      "PN_TLS_KEY",
      `${names.key} is not the key of ${names.certificate}. Use the key that belongs to the certificate.`,
    );
  const fault = validityFault(leaf, names.certificate, now);
  if (fault !== undefined && given.acceptExpired !== true) throw new TlsError("PN_TLS_EXPIRED", fault);
  const chain = given.chain === undefined ? "" : `\n${String(given.chain)}`;
  return {
    pem: String(given.certificate) + chain,
    key: key.export({ type: "pkcs8", format: "pem" }) as string,
    names: namesOf(leaf),
    notAfter: leaf.validToDate,
    fault,
  };
}

function validityFault(leaf: X509Certificate, name: string, now: number): string | undefined {
  const [from, until] = [leaf.validFromDate, leaf.validToDate];
  if (until.getTime() <= now) return `${name} expired on ${until.toISOString()}. Renew it.`;
  if (from.getTime() > now + DAY) return `${name} is not valid before ${from.toISOString()}. Check the clock.`;
  return undefined;
}

function parsed(pem: Buffer | string, name: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw new TlsError("PN_TLS_FILE", `${name} does not contain a certificate. Use PEM: -----BEGIN CERTIFICATE-----`);
  }
}

function privateKey({ key, passphrase }: CertificatePem, name: string): KeyObject {
  try {
    return createPrivateKey({ key, ...(passphrase === undefined ? {} : { passphrase }) });
  } catch {
    if (passphrase === undefined && String(key).includes("ENCRYPTED"))
      throw new TlsError("PN_TLS_KEY", `${name} is encrypted. Set its passphrase as key_passphrase.`);
    if (passphrase !== undefined)
      throw new TlsError("PN_TLS_KEY", `${name} is not a private key, or the passphrase is wrong.`);
    throw new TlsError("PN_TLS_KEY", `${name} does not contain a private key. Use PEM: -----BEGIN PRIVATE KEY-----`);
  }
}

/** The DNS names of the subject alternative name; without any, the common name. */
function namesOf(leaf: X509Certificate): string[] {
  const entries = (leaf.subjectAltName ?? "").split(/, ?/).filter((entry) => entry.startsWith("DNS:"));
  const common = /^CN=(.+)$/m.exec(leaf.subject ?? "")?.[1];
  const names = entries.length > 0 ? entries.map((entry) => entry.slice(4)) : common === undefined ? [] : [common];
  return names.map((name) => name.toLowerCase());
}
