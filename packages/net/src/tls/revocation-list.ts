import { derElements, DerTag, type DerElement } from "./der.js";
import { TlsError } from "./errors.js";

const PEM = /-----BEGIN X509 CRL-----([^-]+)-----END X509 CRL-----/g;

/** The lists that stand in a PEM text, each as a text of its own: of several in one, OpenSSL takes the first alone. */
export function separateLists(pem: string): string[] {
  return [...pem.matchAll(PEM)].map(([list]) => list);
}

/** Who issued a certificate, and its number: both as they are encoded. */
function issued(issuer: Buffer, serial: Buffer): string {
  return `${issuer.toString("base64")} ${serial.toString("hex")}`;
}

/**
 * Certificates that were revoked (RFC 5280, section 5.1). Whether a list is genuine is OpenSSL's business, at each handshake; this one
 * tells whether a connection that is open already may go on.
 */
export class RevocationList {
  readonly #revoked = new Set<string>();

  /** @param pem one or more lists. @throws TlsError PN_TLS_FILE that calls it `name`. */
  constructor(pem: string, name: string) {
    try {
      const lists = [...pem.matchAll(PEM)].map(([, base64 = ""]) => Buffer.from(base64, "base64"));
      if (lists.length === 0) throw new RangeError("no list");
      for (const list of lists) this.#read(list);
    } catch {
      throw new TlsError("PN_TLS_FILE", `${name} holds no revocation list. It should be PEM: -----BEGIN X509 CRL-----`);
    }
  }

  /** @param certificate DER. */
  has(certificate: Buffer): boolean {
    const fields = signedFields(certificate).filter(({ tag }) => tag !== DerTag.VERSION);
    // Serial number, signature algorithm, issuer.
    const [serial, , issuer] = fields;
    return serial === undefined || issuer === undefined || this.#revoked.has(issued(issuer.whole, serial.content));
  }

  #read(list: Buffer): void {
    // Version, algorithm, issuer, times, and then the entries, unless there is none.
    const fields = signedFields(list).filter(({ tag }) => tag !== DerTag.INTEGER);
    const issuer = fields[1] as DerElement;
    const entries = fields.slice(2).find(({ tag }) => tag === DerTag.SEQUENCE);
    for (const entry of entries === undefined ? [] : derElements(entries.content)) {
      const [serial] = derElements(entry.content);
      this.#revoked.add(issued(issuer.whole, (serial as DerElement).content));
    }
  }
}

/** What is signed in a certificate or a list. */
function signedFields(der: Buffer): DerElement[] {
  const [outer] = derElements(der);
  const [signed] = derElements((outer as DerElement).content);
  return derElements((signed as DerElement).content);
}
