import { derElements, DerTag, type DerElement } from "./der.js";
import { TlsError } from "./errors.js";

const PEM = /-----BEGIN X509 CRL-----([^-]+)-----END X509 CRL-----/g;

/** Splits a PEM text into its lists: OpenSSL reads only the first list of a text. */
export function separateLists(pem: string): string[] {
  return [...pem.matchAll(PEM)].map(([list]) => list);
}

/** The encoded issuer and serial number of a certificate, as a key. */
function certificateId(issuer: Buffer, serial: Buffer): string {
  return `${issuer.toString("base64")} ${serial.toString("hex")}`;
}

/**
 * Revoked certificates (RFC 5280, section 5.1). OpenSSL verifies the lists in each handshake. This class decides
 * whether an open connection may continue.
 */
export class RevocationList {
  readonly #revoked = new Set<string>();

  /** @param pem one or more lists. @param name for messages. @throws TlsError PN_TLS_FILE */
  constructor(pem: string, name: string) {
    try {
      const lists = [...pem.matchAll(PEM)].map(([, base64 = ""]) => Buffer.from(base64, "base64"));
      if (lists.length === 0) throw new RangeError("no list");
      for (const list of lists) this.#read(list);
    } catch {
      throw new TlsError(
        "PN_TLS_FILE",
        `${name} does not contain a revocation list. Use PEM: -----BEGIN X509 CRL-----`,
      );
    }
  }

  /** @param certificate DER. */
  has(certificate: Buffer): boolean {
    const fields = signedFields(certificate).filter(({ tag }) => tag !== DerTag.VERSION);
    // Serial number, signature algorithm, issuer.
    const [serial, , issuer] = fields;
    return (
      serial === undefined || issuer === undefined || this.#revoked.has(certificateId(issuer.whole, serial.content))
    );
  }

  #read(list: Buffer): void {
    // Version, algorithm, issuer, times, and then the optional entries.
    const fields = signedFields(list).filter(({ tag }) => tag !== DerTag.INTEGER);
    const issuer = fields[1] as DerElement;
    const entries = fields.slice(2).find(({ tag }) => tag === DerTag.SEQUENCE);
    for (const entry of entries === undefined ? [] : derElements(entries.content)) {
      const [serial] = derElements(entry.content);
      this.#revoked.add(certificateId(issuer.whole, (serial as DerElement).content));
    }
  }
}

/** The fields of the signed part of a certificate or list. */
function signedFields(der: Buffer): DerElement[] {
  const [outer] = derElements(der);
  const [signed] = derElements((outer as DerElement).content);
  return derElements((signed as DerElement).content);
}
