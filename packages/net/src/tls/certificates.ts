import { constants } from "node:crypto";
import { createSecureContext, type SecureContext, type SecureVersion } from "node:tls";
import type { Certificate } from "./certificate.js";
import type { ClientCa } from "./client-ca.js";
import { matchesName } from "./name-match.js";
import { separateLists } from "./revocation-list.js";

/** What is agreed to in a handshake. */
export interface TlsPolicy {
  /** Default TLSv1.2 and TLSv1.3. */
  minVersion?: SecureVersion;
  maxVersion?: SecureVersion;
  /**
   * OpenSSL's names, the best first. Default: only those with forward secrecy and authenticated encryption. A version of which none is
   * listed is not spoken.
   */
  ciphers?: readonly string[];
}

const CIPHERS = [
  "TLS_AES_128_GCM_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
];

interface Ready {
  certificate: Certificate;
  context: SecureContext;
  /** The same for who is asked for a certificate. */
  asking: SecureContext | undefined;
}

/** The certificates of a server, chosen by the name that is asked for. They can be replaced while connections are open. */
export class Certificates {
  readonly #policy: TlsPolicy;
  #ready: readonly Ready[] = [];

  /** The first one is shown to who asks for no name, or for an unknown one. @throws Error when OpenSSL takes one not. */
  constructor(certificates: readonly Certificate[], policy: TlsPolicy = {}, clientCa?: ClientCa) {
    this.#policy = policy;
    this.replace(certificates, clientCa);
  }

  /** Connections from now on see these; those that are open go on. All or nothing. */
  replace(certificates: readonly Certificate[], clientCa?: ClientCa): void {
    if (certificates.length === 0) throw new RangeError("a server with TLS needs a certificate");
    this.#ready = certificates.map((certificate) => ({
      certificate,
      context: this.#context(certificate),
      asking: clientCa === undefined ? undefined : this.#context(certificate, clientCa),
    }));
  }

  /** @param asking the client is asked for a certificate, which is checked against the authority. */
  contextFor(serverName: string | undefined, asking = false): SecureContext {
    const exact = this.#ready.find(
      ({ certificate }) => serverName !== undefined && certificate.names.includes(serverName),
    );
    const wild = this.#ready.find(
      ({ certificate }) => serverName !== undefined && certificate.names.some((name) => matchesName(name, serverName)),
    );
    const { context, asking: own } = exact ?? wild ?? (this.#ready[0] as Ready);
    return (asking ? own : undefined) ?? context;
  }

  /** When the first of them ends. */
  get notAfter(): Date {
    return new Date(Math.min(...this.#ready.map(({ certificate }) => certificate.notAfter.getTime())));
  }

  #context({ pem, key }: Certificate, clientCa?: ClientCa): SecureContext {
    const { minVersion = "TLSv1.2", maxVersion = "TLSv1.3", ciphers = [] } = this.#policy;
    const suites = ciphers.length === 0 ? CIPHERS : ciphers;
    return createSecureContext({
      cert: pem,
      key,
      // OpenSSL would take its own suites for a version of which none is listed.
      minVersion: suites.every(isOfTls13) ? "TLSv1.3" : minVersion,
      maxVersion: suites.some(isOfTls13) ? maxVersion : "TLSv1.2",
      ciphers: suites.join(":"),
      ...(clientCa === undefined
        ? {}
        : {
            ca: clientCa.ca,
            // A ticket would bring back a certificate that was checked long ago.
            secureOptions: constants.SSL_OP_NO_TICKET,
            ...(clientCa.crl === undefined ? {} : { crl: separateLists(clientCa.crl) }),
          }),
    });
  }
}

function isOfTls13(suite: string): boolean {
  return suite.startsWith("TLS_");
}
