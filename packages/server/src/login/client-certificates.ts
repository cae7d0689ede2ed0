import type { X509Certificate } from "node:crypto";
import { TunnelError, type Auth, type ErrorCode } from "@postern/protocol";
import { certificateNames, type ClientCa, type PeerCertificate } from "@postern/net";
import type { Authenticator, Principal } from "./principal.js";
import { NamePatterns } from "../names/name-patterns.js";

/** The error code for a client's certificate, by OpenSSL's code. */
const FAULTS: Readonly<Record<string, ErrorCode>> = {
  CERT_HAS_EXPIRED: "PN_CERTIFICATE_EXPIRED",
  CERT_NOT_YET_VALID: "PN_CERTIFICATE_EXPIRED",
  CERT_REVOKED: "PN_CERTIFICATE_REVOKED",
  // The operator must fix these errors. The client may retry.
  CRL_HAS_EXPIRED: "PN_AUTH_UNAVAILABLE",
  CRL_NOT_YET_VALID: "PN_AUTH_UNAVAILABLE",
  UNABLE_TO_GET_CRL: "PN_AUTH_UNAVAILABLE",
};

/** Checks the certificates that clients present in the TLS handshake. */
export class ClientCertificates implements Authenticator {
  #clientCa: ClientCa | undefined;

  /** @param clientCa undefined: logins by certificate are not offered. */
  constructor(clientCa: ClientCa | undefined) {
    this.#clientCa = clientCa;
  }

  /** Replaces the CA, also for open sessions. */
  replace(clientCa: ClientCa | undefined): void {
    this.#clientCa = clientCa;
  }

  /** The CA of the certificates that the TLS handshake requests from clients; undefined: it requests none. */
  get clientCa(): ClientCa | undefined {
    return this.#clientCa;
  }

  authenticate(_auth: Auth, peer: PeerCertificate | undefined): Principal {
    if (this.#clientCa === undefined)
      throw new TunnelError("PN_AUTH_REFUSED", "the server does not offer logins by certificate");
    const leaf = peer?.chain[0];
    if (peer === undefined || leaf === undefined) throw new TunnelError("PN_CERTIFICATE_MISSING");
    const { chain, fault } = peer;
    // OpenSSL's code is for the log: an outdated revocation list concerns the operator.
    if (fault !== undefined) throw new TunnelError(FAULTS[fault] ?? "PN_CERTIFICATE_UNTRUSTED", fault);
    const owner = nameOf(leaf);
    if (owner === undefined) throw new TunnelError("PN_CERTIFICATE_UNTRUSTED", "it has no usable name");
    return {
      owner,
      // The part of an e-mail address before the @.
      user: owner.split("@", 1)[0],
      names: NamePatterns.any,
      expiresAt: leaf.validToDate.getTime(),
      isAccepted: () => this.#clientCa?.accepts(chain) === true,
      recheck: undefined,
    };
  }
}

/**
 * The owner that a certificate names: the first e-mail address or DNS name of its subject alternative name, else the
 * common name.
 */
function nameOf(leaf: X509Certificate): string | undefined {
  return certificateNames(leaf, ["email", "DNS"])[0];
}
