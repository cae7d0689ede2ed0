import type { X509Certificate } from "node:crypto";
import { certificateNames, ClientCa, comparableName, type PeerCertificate } from "@postern/net";
import { refusals, type Refusal } from "../../http/index.js";
import type { FieldEdits, Step, StepRequest } from "../step.js";

/** Which client certificates a route accepts. */
export interface CertificateOptions {
  /** The host of the route, as the route writes it. */
  readonly host: string;
  /** The CA certificates, PEM. */
  readonly ca: string;
  /** Revocation lists, PEM: one for each CA. */
  readonly crl?: string | undefined;
  /** One of them must be in the certificate. Empty: any certificate of the CA is accepted. */
  readonly names: readonly string[];
}

/** OpenSSL's codes for revocation lists with which no certificate can be checked. Only the operator can fix them. */
const LIST_FAULTS: ReadonlySet<string> = new Set(["CRL_HAS_EXPIRED", "CRL_NOT_YET_VALID", "UNABLE_TO_GET_CRL"]);

/** What was found out about the certificate of a connection. */
interface Known {
  /** When the first certificate of the chain expires, in milliseconds since 1970. */
  readonly until: number;
  readonly refusal: Refusal | undefined;
  readonly edits: FieldEdits;
}

/**
 * Admits visitors with a client certificate. TLS verifies it by the CA of the host in the handshake, so a certificate
 * that was requested for another host does not count, even if the request names this one.
 */
export class CertificateStep implements Step {
  readonly name = "client certificate";
  readonly #host: string;
  readonly #ca: ClientCa;
  readonly #names: ReadonlySet<string>;
  readonly #onWarning: (text: string) => void;
  readonly #now: () => number;
  /** By connection, because a chain takes longer to check than a request takes. */
  readonly #known = new WeakMap<PeerCertificate, Known>();
  #hasWarned = false;

  /**
   * @param onWarning called once if certificates cannot be checked
   * @param now milliseconds since 1970
   * @throws TlsError PN_TLS_FILE
   */
  constructor(
    { host, ca, crl, names }: CertificateOptions,
    onWarning: (text: string) => void = () => {},
    now: () => number = Date.now,
  ) {
    this.#host = host;
    this.#ca = new ClientCa({ ca, ...(crl === undefined ? {} : { crl }) });
    this.#names = new Set(names.map(comparableName));
    this.#onWarning = onWarning;
    this.#now = now;
  }

  check(request: StepRequest): Refusal | undefined {
    const { certificate } = request;
    if (certificate?.peer === undefined) return refusals.PN_ACCESS_CERTIFICATE_MISSING;
    const { host, peer } = certificate;
    if (host !== this.#host) return refusals.PN_ACCESS_CERTIFICATE_INVALID;
    let known = this.#known.get(peer);
    if (known === undefined) this.#known.set(peer, (known = this.#examine(peer)));
    if (known.refusal !== undefined) return known.refusal;
    if (this.#now() >= known.until) return refusals.PN_ACCESS_CERTIFICATE_INVALID;
    request.edit(known.edits);
    return undefined;
  }

  #examine({ chain, fault }: PeerCertificate): Known {
    const leaf = chain[0] as X509Certificate;
    const names = certificateNames(leaf, ["email", "DNS", "URI"]);
    return {
      until: Math.min(...chain.map(({ validToDate }) => validToDate.getTime())),
      refusal: this.#refusalOf(chain, fault, names),
      edits: identified(names[0], leaf.fingerprint256),
    };
  }

  #refusalOf(
    chain: readonly X509Certificate[],
    fault: string | undefined,
    names: readonly string[],
  ): Refusal | undefined {
    if (fault !== undefined && LIST_FAULTS.has(fault)) {
      this.#warn(fault);
      return refusals.PN_ACCESS_CERTIFICATE_LIST;
    }
    if (fault !== undefined || !this.#ca.accepts(chain)) return refusals.PN_ACCESS_CERTIFICATE_INVALID;
    const isNamed = this.#names.size === 0 || names.some((name) => this.#names.has(name));
    return isNamed ? undefined : refusals.PN_ACCESS_CERTIFICATE_NAME;
  }

  #warn(fault: string): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.#onWarning(
      `Client certificates for ${this.#host} cannot be checked (${fault}): update client_crl_file. Visitors get 503 until then.`,
    );
  }
}

/** The target gets the visitor's name, if the certificate has one that can be the value of a field. */
function identified(name: string | undefined, fingerprint: string): FieldEdits {
  const lines = name === undefined ? "" : `X-Client-Name: ${Buffer.from(name).toString("latin1")}\r\n`;
  return { names: ["x-client-name"], lines, principal: name ?? fingerprint };
}
