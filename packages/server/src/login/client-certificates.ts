import type { X509Certificate } from "node:crypto";
import { TunnelError, type Auth, type ErrorCode } from "@postern/protocol";
import type { ClientCa, PeerCertificate } from "@postern/net";
import type { Authenticator, Principal } from "./principal.js";
import { NamePatterns } from "../names/name-patterns.js";

/** What is wrong with a client's certificate, by OpenSSL's code. */
const FAULTS: Readonly<Record<string, ErrorCode>> = {
  CERT_HAS_EXPIRED: "PN_CERTIFICATE_EXPIRED",
  CERT_NOT_YET_VALID: "PN_CERTIFICATE_EXPIRED",
  CERT_REVOKED: "PN_CERTIFICATE_REVOKED",
  // The client can do nothing about it, and is right to come back.
  CRL_HAS_EXPIRED: "PN_AUTH_UNAVAILABLE",
  CRL_NOT_YET_VALID: "PN_AUTH_UNAVAILABLE",
  UNABLE_TO_GET_CRL: "PN_AUTH_UNAVAILABLE",
};

/** Knows clients by the certificates that they show in the TLS handshake. */
export class ClientCertificates implements Authenticator {
  #clientCa: ClientCa | undefined;

  /** @param clientCa undefined: nobody logs in by certificate. */
  constructor(clientCa: ClientCa | undefined) {
    this.#clientCa = clientCa;
  }

  /** From now on this one counts, also for sessions that are open. */
  replace(clientCa: ClientCa | undefined): void {
    this.#clientCa = clientCa;
  }

  /** Whether clients are to be asked for theirs. */
  get wanted(): boolean {
    return this.#clientCa !== undefined;
  }

  authenticate(_auth: Auth, peer: PeerCertificate | undefined): Principal {
    if (!this.wanted) throw new TunnelError("PN_AUTH_REFUSED", "nobody logs in by certificate here");
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
      isAccepted: () => this.#clientCa?.accepts(chain) === true,
      recheck: undefined,
    };
  }
}

/** Whom a certificate is of: the first e-mail address or DNS name of the subject alternative name, else the common name. */
function nameOf({ subjectAltName, subject }: X509Certificate): string | undefined {
  // A name in quotes may hold what looks like another one (CVE-2021-44532).
  const names = [...(subjectAltName ?? "").matchAll(/([^:,"]+):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/gy)];
  const alternative = ["email", "DNS"]
    .map((kind) => names.find(([, of]) => of === kind)?.[2])
    .find((name) => name !== undefined && name !== "");
  const common = /^CN=(.+)$/m.exec(subject ?? "")?.[1];
  const name = [alternative, common].find((each) => each !== undefined && /^[^",\\\s]{1,255}$/.test(each));
  // ASCII alone: the Kelvin sign in lower case is somebody else's k.
  return name?.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
