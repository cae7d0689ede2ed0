import { constants, X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import type { SecureContext, SecureVersion } from "node:tls";
import { builtins } from "../builtins.js";
import type { Certificate } from "./certificate.js";
import type { ClientCa } from "./client-ca.js";
import { matchesName } from "./name-match.js";
import { separateLists } from "./revocation-list.js";

/** Which handshakes are accepted. */
export interface TlsPolicy {
  /** Default TLSv1.2 and TLSv1.3. */
  minVersion?: SecureVersion;
  maxVersion?: SecureVersion;
  /**
   * Cipher suites by their OpenSSL names, in order of preference. Default: suites with forward secrecy and
   * authenticated encryption. A TLS version without a listed suite is disabled.
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

/**
 * Each renegotiation costs the server a signature. A peer that prefers ChaCha20 has no instructions for AES, and gets
 * what it prefers.
 */
const OPTIONS = constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_PRIORITIZE_CHACHA;

interface Ready {
  certificate: Certificate;
  leaf: X509Certificate;
  context: SecureContext;
  /** The same context, with a request for a client certificate, by the CA that verifies it. */
  asking: WeakMap<ClientCa, SecureContext>;
}

/** The certificates of a server, selected by SNI. They can be replaced while connections are open. */
export class Certificates {
  readonly #policy: TlsPolicy;
  #ready: readonly Ready[] = [];

  /**
   * The first certificate is the default for clients without SNI or with an unknown name. @throws Error when OpenSSL
   * rejects one.
   */
  constructor(certificates: readonly Certificate[], policy: TlsPolicy = {}) {
    this.#policy = policy;
    this.replace(certificates);
  }

  /** Replaces all certificates for new connections, or none if one is rejected. */
  replace(certificates: readonly Certificate[]): void {
    if (certificates.length === 0) throw new RangeError("a server with TLS needs a certificate");
    this.#ready = certificates.map((certificate) => ({
      certificate,
      // The chain follows the certificate.
      leaf: new X509Certificate(certificate.pem),
      context: this.#context(certificate),
      asking: new WeakMap(),
    }));
  }

  /** @param clientCa verifies the client certificate that is requested. Undefined: none is requested. */
  contextFor(serverName: string | undefined, clientCa?: ClientCa): SecureContext {
    const exact = this.#ready.find(
      ({ certificate }) => serverName !== undefined && certificate.names.includes(serverName),
    );
    const wild = this.#ready.find(
      ({ certificate }) => serverName !== undefined && certificate.names.some((name) => matchesName(name, serverName)),
    );
    const ready = exact ?? wild ?? (this.#ready[0] as Ready);
    return clientCa === undefined ? ready.context : this.#askingContext(ready, clientCa);
  }

  /** Whether one of them is for `host`: a name in lower case, or an IP address, IPv6 in brackets. */
  covers(host: string): boolean {
    const address = host.replace(/^\[(.*)\]$/, "$1");
    if (isIP(address) > 0) return this.#ready.some(({ leaf }) => leaf.checkIP(address) !== undefined);
    return this.#ready.some(({ certificate }) => certificate.names.some((name) => matchesName(name, host)));
  }

  /** When the first of the certificates expires. */
  get notAfter(): Date {
    return new Date(Math.min(...this.#ready.map(({ certificate }) => certificate.notAfter.getTime())));
  }

  /** Created when it is needed first, because most pairs of a certificate and a CA never are. */
  #askingContext({ certificate, asking }: Ready, clientCa: ClientCa): SecureContext {
    let context = asking.get(clientCa);
    if (context === undefined) asking.set(clientCa, (context = this.#context(certificate, clientCa)));
    return context;
  }

  #context({ pem, key }: Certificate, clientCa?: ClientCa): SecureContext {
    const { minVersion = "TLSv1.2", maxVersion = "TLSv1.3", ciphers = [] } = this.#policy;
    const suites = ciphers.length === 0 ? CIPHERS : ciphers;
    return builtins.tls.createSecureContext({
      cert: pem,
      key,
      // For a version without a listed suite, OpenSSL would use its defaults.
      minVersion: suites.every(isOfTls13) ? "TLSv1.3" : minVersion,
      maxVersion: suites.some(isOfTls13) ? maxVersion : "TLSv1.2",
      ciphers: suites.join(":"),
      honorCipherOrder: true,
      secureOptions: OPTIONS,
      ...(clientCa === undefined
        ? {}
        : {
            ca: clientCa.ca,
            // A ticket would resume a session whose certificate was verified long ago.
            secureOptions: OPTIONS | constants.SSL_OP_NO_TICKET,
            ...(clientCa.crl === undefined ? {} : { crl: separateLists(clientCa.crl) }),
          }),
    });
  }
}

function isOfTls13(suite: string): boolean {
  return suite.startsWith("TLS_");
}
