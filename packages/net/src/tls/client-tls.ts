import { isIP } from "node:net";
import { checkServerIdentity, type ConnectionOptions } from "node:tls";
import { separateLists } from "./revocation-list.js";

/** How a client trusts its server, and what it proves itself with, in TLS. All certificates, keys and lists are PEM. */
export interface ClientTls {
  /** Whether the server's certificate is checked. Default true; without it whoever stands on the way can read everything. */
  verify?: boolean;
  /** The CAs that may have signed it, instead of those that Node trusts. */
  ca?: string;
  /** Revocation lists, one of each CA on the way to the server's certificate. */
  crl?: string;
  /** The client's own certificate with its chain, and its key. */
  cert?: string;
  key?: string;
  /** The name that is asked for in the handshake, looked for in the certificate and sent as Host. Default: the server's. */
  serverName?: string;
  /** Application protocols that are offered. Default `http/1.1`. */
  alpnProtocols?: string[];
}

/** The same for node:tls, for a connection to `host`. */
export function tlsOptions(
  host: string,
  { verify = true, ca, crl, cert, key, serverName = host, alpnProtocols = [] }: ClientTls,
): ConnectionOptions {
  return {
    servername: isIP(serverName) > 0 ? "" : serverName,
    // Else the certificate would be checked against the host that is dialled.
    checkServerIdentity: (_, certificate) => checkServerIdentity(serverName, certificate),
    rejectUnauthorized: verify,
    ALPNProtocols: alpnProtocols.length === 0 ? ["http/1.1"] : alpnProtocols,
    ...(ca === undefined ? {} : { ca }),
    ...(crl === undefined ? {} : { crl: separateLists(crl) }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}
