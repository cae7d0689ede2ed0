import { constants } from "node:crypto";
import { isIP } from "node:net";
import type { ConnectionOptions, DetailedPeerCertificate, PeerCertificate } from "node:tls";
import { builtins } from "../builtins.js";
import { chainOf } from "./peer-certificate.js";
import { certificatesIn } from "./trust.js";
import { separateLists } from "./revocation-list.js";
import { weakChainFault } from "./weak-key.js";

/** How a client verifies its server, and the certificate that it presents. All certificates, keys and lists are PEM. */
export interface ClientTls {
  /** Whether to verify the server's certificate. Default true. Without it the connection can be intercepted. */
  verify?: boolean;
  /** The CAs to trust instead of Node's default CAs. */
  ca?: string;
  /** Whether a certificate that `ca` contains itself is accepted for any name. Default false. */
  anyName?: boolean;
  /** Revocation lists, one for each CA in the server's chain. */
  crl?: string;
  /** The client's certificate with its chain; `key` is its key. */
  cert?: string;
  key?: string;
  /** The name for SNI, for verifying the certificate and for Host. Default: the server's host. */
  serverName?: string;
  /** ALPN protocols to offer. Default `http/1.1`. */
  alpnProtocols?: string[];
}

/** In the form of OpenSSL's codes, which `trustFault` reads. */
const WEAK_KEY = "CERT_WEAK_KEY";

/** The options of node:tls for a connection to `host`. */
export function tlsOptions(
  host: string,
  { verify = true, ca, anyName = false, crl, cert, key, serverName = host, alpnProtocols = [] }: ClientTls,
): ConnectionOptions {
  return {
    servername: isIP(serverName) > 0 ? "" : serverName,
    // node:tls would verify the certificate for the host that is dialled.
    checkServerIdentity: (_, certificate) => {
      const fault = builtins.tls.checkServerIdentity(serverName, certificate);
      if (fault !== undefined && !(anyName && contains(ca, certificate))) return fault;
      return weakKeyError(certificate);
    },
    rejectUnauthorized: verify,
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    ALPNProtocols: alpnProtocols.length === 0 ? ["http/1.1"] : alpnProtocols,
    ...(ca === undefined ? {} : { ca }),
    ...(crl === undefined ? {} : { crl: separateLists(crl) }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

/** node:tls passes the whole chain. Its type does not say so. */
function weakKeyError(certificate: PeerCertificate): NodeJS.ErrnoException | undefined {
  const fault = weakChainFault(chainOf(certificate as DetailedPeerCertificate));
  return fault === undefined ? undefined : Object.assign(new Error(fault), { code: WEAK_KEY });
}

function contains(ca: string | undefined, { fingerprint256 }: PeerCertificate): boolean {
  return ca !== undefined && certificatesIn(ca).some((each) => each.fingerprint256 === fingerprint256);
}
