import { X509Certificate } from "node:crypto";
import type { DetailedPeerCertificate, TLSSocket } from "node:tls";

/** What the other side of a connection showed. */
export interface PeerCertificate {
  /** From its own certificate to the authority. */
  readonly chain: readonly X509Certificate[];
  /** Why OpenSSL does not trust it; undefined: it does. */
  readonly fault: string | undefined;
}

/** What a client showed to a server that asked; undefined when it showed none. */
export function peerCertificate(socket: TLSSocket): PeerCertificate | undefined {
  const chain: X509Certificate[] = [];
  const seen = new Set<string>();
  let one: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (one?.raw !== undefined && !seen.has(one.fingerprint256)) {
    seen.add(one.fingerprint256);
    chain.push(new X509Certificate(one.raw));
    one = one.issuerCertificate;
  }
  return chain.length === 0 ? undefined : { chain, fault: verifyFault(socket) };
}

/**
 * Sockets that no tls.Server made do not tell whether the certificate is good in `authorized`: their handle does. Where it can't be asked,
 * nothing is good.
 */
function verifyFault(socket: TLSSocket): string | undefined {
  const { _handle: handle } = socket as unknown as { _handle?: { verifyError?(): NodeJS.ErrnoException | null } };
  if (typeof handle?.verifyError !== "function") return "it could not be checked";
  const error = handle.verifyError();
  return error === null || error === undefined ? undefined : (error.code ?? error.message);
}
