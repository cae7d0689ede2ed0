import type { X509Certificate } from "node:crypto";
import { RevocationList } from "./revocation-list.js";
import { certificatesIn, checkTrustPem } from "./trust.js";

/** PEM texts, and the names of their files for messages. */
export interface ClientCaPem {
  ca: string;
  crl?: string;
  names?: { ca: string; crl: string };
}

/** The CA that signs client certificates, and its revocation list. */
export class ClientCa {
  readonly ca: string;
  readonly crl: string | undefined;
  readonly #cas: ReadonlySet<string>;
  readonly #revoked: RevocationList | undefined;

  /** @throws TlsError PN_TLS_FILE */
  constructor({ ca, crl, names = { ca: "the CA file", crl: "the revocation list" } }: ClientCaPem) {
    checkTrustPem({ ca, ...(crl === undefined ? {} : { crl }) }, names);
    this.ca = ca;
    this.crl = crl;
    this.#cas = new Set(certificatesIn(ca).map(({ fingerprint256 }) => fingerprint256));
    this.#revoked = crl === undefined ? undefined : new RevocationList(crl, names.crl);
  }

  /**
   * Whether a chain that OpenSSL has verified, from the leaf to the CA, is still valid: the CA is trusted, and no
   * certificate was revoked.
   */
  accepts(chain: readonly X509Certificate[]): boolean {
    return (
      chain.some(({ fingerprint256 }) => this.#cas.has(fingerprint256)) &&
      !chain.some(({ raw }) => this.#revoked?.has(raw) === true)
    );
  }
}
