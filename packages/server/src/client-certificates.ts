import type { X509Certificate } from "node:crypto";
import { TunnelError, type Auth, type ErrorCode } from "@postern/protocol";
import type { ClientAuthority, PeerCertificate } from "@postern/tls";
import type { Authenticator, Identity } from "./identity.js";
import { NamePatterns } from "./name-patterns.js";

/** What is wrong with a client's certificate, by OpenSSL's code. */
const FAULTS: Readonly<Record<string, ErrorCode>> = {
  CERT_HAS_EXPIRED: "PN_CERTIFICATE_EXPIRED",
  CERT_NOT_YET_VALID: "PN_CERTIFICATE_EXPIRED",
  CERT_REVOKED: "PN_CERTIFICATE_REVOKED",
};

/** Knows clients by the certificates that they show in the TLS handshake. */
export class ClientCertificates implements Authenticator {
  #authority: ClientAuthority;

  constructor(authority: ClientAuthority) {
    this.#authority = authority;
  }

  /** From now on this one counts, also for sessions that are open. */
  replace(authority: ClientAuthority): void {
    this.#authority = authority;
  }

  authenticate(_auth: Auth, peer: PeerCertificate | undefined): Identity {
    const leaf = peer?.chain[0];
    if (peer === undefined || leaf === undefined) throw new TunnelError("PN_CERTIFICATE_MISSING");
    const { chain, fault } = peer;
    // For the log: an out-of-date revocation list is the operator's business.
    if (fault !== undefined) throw new TunnelError(FAULTS[fault] ?? "PN_CERTIFICATE_UNTRUSTED", fault);
    const owner = nameOf(leaf);
    if (owner === undefined) throw new TunnelError("PN_CERTIFICATE_UNTRUSTED", "it names nobody");
    return {
      owner,
      // Before the @ of an address.
      user: owner.split("@", 1)[0],
      names: NamePatterns.any,
      expiresAt: leaf.validToDate.getTime(),
      stands: () => this.#authority.accepts(chain),
      recheck: undefined,
    };
  }
}

/** Whom a certificate is of: the first e-mail address or DNS name of the subject alternative name, else the common name. */
function nameOf({ subjectAltName, subject }: X509Certificate): string | undefined {
  const names = (subjectAltName ?? "").split(", ");
  const alternative = ["email:", "DNS:"]
    .map((kind) => names.find((name) => name.startsWith(kind))?.slice(kind.length))
    .find((name) => name !== undefined && name !== "");
  const common = /^CN=(.+)$/m.exec(subject ?? "")?.[1];
  // Quoted names hold what could be taken for another one (CVE-2021-44532).
  return [alternative, common].find((name) => name !== undefined && /^[^",\\\s]{1,255}$/.test(name))?.toLowerCase();
}
