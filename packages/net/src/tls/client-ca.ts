import { X509Certificate } from "node:crypto";
import { RevocationList } from "./revocation-list.js";
import { checkTrustPem } from "./trust.js";

/** PEM, and what messages call the files. */
export interface ClientCaPem {
  ca: string;
  crl?: string;
  names?: { ca: string; crl: string };
}

/** Who may sign the certificates of clients, and which of those do not count any more. */
export class ClientCa {
  readonly ca: string;
  readonly crl: string | undefined;
  readonly #authorities: ReadonlySet<string>;
  readonly #revoked: RevocationList | undefined;

  /** @throws TlsError PN_TLS_FILE */
  constructor({ ca, crl, names = { ca: "the CA file", crl: "the revocation list" } }: ClientCaPem) {
    checkTrustPem({ ca, ...(crl === undefined ? {} : { crl }) }, names);
    this.ca = ca;
    this.crl = crl;
    const each = ca.match(/-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g) ?? [];
    this.#authorities = new Set(each.map((pem) => new X509Certificate(pem).fingerprint256));
    this.#revoked = crl === undefined ? undefined : new RevocationList(crl, names.crl);
  }

  /** Whether a chain that OpenSSL found good, from the leaf to its authority, still is: nobody in it was revoked, and its authority counts. */
  accepts(chain: readonly X509Certificate[]): boolean {
    return (
      chain.some(({ fingerprint256 }) => this.#authorities.has(fingerprint256)) &&
      !chain.some(({ raw }) => this.#revoked?.has(raw) === true)
    );
  }
}
