import { createPrivateKey, X509Certificate, type KeyObject } from "node:crypto";
import { TlsError } from "./errors.js";

/** A certificate and its key as PEM. `certificate` and `key` are also what messages call them. */
export interface CertificatePem {
  certificate: Buffer | string;
  key: Buffer | string;
  /** Intermediate certificates, where they are not in `certificate`. */
  chain?: Buffer | string;
  /** Of an encrypted key. */
  passphrase?: string;
  /** What messages call the two, for instance their paths. */
  names?: { certificate: string; key: string };
}

/** A certificate that can be used: its key belongs to it, and it is valid now. */
export interface Certificate {
  /** The certificate and its chain, PEM. */
  readonly pem: string;
  /** Its key, PEM, not encrypted. Never to be shown. */
  readonly key: string;
  /** The names that it is for, lower case; a `*` on the left stands for one label. */
  readonly names: readonly string[];
  readonly notAfter: Date;
}

const DAY = 86_400_000;

/** Checks what is to be used as a certificate. @throws TlsError */
export function readCertificate(given: CertificatePem, now: number = Date.now()): Certificate {
  const names = given.names ?? { certificate: "the certificate", key: "the key" };
  const leaf = parsed(given.certificate, names.certificate);
  if (given.chain !== undefined) parsed(given.chain, `the chain of ${names.certificate}`);
  const key = privateKey(given, names.key);
  if (!leaf.checkPrivateKey(key))
    throw new TlsError(
      "PN_TLS_KEY",
      `${names.key} is not the key of ${names.certificate}. Name the two that belong together.`,
    );
  const [from, until] = [leaf.validFromDate, leaf.validToDate];
  if (until.getTime() <= now)
    throw new TlsError("PN_TLS_EXPIRED", `${names.certificate} expired on ${until.toISOString()}. Renew it.`);
  if (from.getTime() > now + DAY)
    throw new TlsError(
      "PN_TLS_EXPIRED",
      `${names.certificate} is valid from ${from.toISOString()} on only. Check the clock.`,
    );
  const chain = given.chain === undefined ? "" : `\n${String(given.chain)}`;
  return {
    pem: String(given.certificate) + chain,
    key: key.export({ type: "pkcs8", format: "pem" }) as string,
    names: namesOf(leaf),
    notAfter: until,
  };
}

function parsed(pem: Buffer | string, name: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw new TlsError("PN_TLS_FILE", `${name} holds no certificate. It should be PEM: -----BEGIN CERTIFICATE-----`);
  }
}

function privateKey({ key, passphrase }: CertificatePem, name: string): KeyObject {
  try {
    return createPrivateKey({ key, ...(passphrase === undefined ? {} : { passphrase }) });
  } catch {
    if (passphrase === undefined && String(key).includes("ENCRYPTED"))
      throw new TlsError("PN_TLS_KEY", `${name} is encrypted. Set its passphrase as key_passphrase.`);
    if (passphrase !== undefined)
      throw new TlsError("PN_TLS_KEY", `${name} is no private key, or its passphrase is another one.`);
    throw new TlsError("PN_TLS_KEY", `${name} holds no private key. It should be PEM: -----BEGIN PRIVATE KEY-----`);
  }
}

/** DNS names of the subject alternative name, else the common name. */
function namesOf(leaf: X509Certificate): string[] {
  const entries = (leaf.subjectAltName ?? "").split(/, ?/).filter((entry) => entry.startsWith("DNS:"));
  const common = /^CN=(.+)$/m.exec(leaf.subject ?? "")?.[1];
  const names = entries.length > 0 ? entries.map((entry) => entry.slice(4)) : common === undefined ? [] : [common];
  return names.map((name) => name.toLowerCase());
}
