import { X509Certificate } from "node:crypto";
import type { DetailedPeerCertificate, TLSSocket } from "node:tls";
import { weakChainFault } from "./weak-key.js";

/** The certificate of the other side of a connection. */
export interface PeerCertificate {
  /** From the leaf to the CA. */
  readonly chain: readonly X509Certificate[];
  /** Why the certificate is not trusted: OpenSSL's code, or a text about a weak key; undefined if it is trusted. */
  readonly fault: string | undefined;
}

/** The certificate that a client sent on request; undefined when it sent none. */
export function peerCertificate(socket: TLSSocket): PeerCertificate | undefined {
  const chain = chainOf(socket.getPeerCertificate(true));
  return chain.length === 0 ? undefined : { chain, fault: verifyFault(socket) ?? weakChainFault(chain) };
}

/** A certificate as node:tls describes it, and the CAs above it. Empty when the peer sent none. */
export function chainOf(certificate: DetailedPeerCertificate): X509Certificate[] {
  const chain: X509Certificate[] = [];
  const seen = new Set<string>();
  let one: DetailedPeerCertificate | undefined = certificate;
  while (one?.raw !== undefined && !seen.has(one.fingerprint256)) {
    seen.add(one.fingerprint256);
    chain.push(new X509Certificate(one.raw));
    one = one.issuerCertificate;
  }
  return chain;
}

/**
 * `authorized` is set only on sockets of a tls.Server; on others the handle has the result of the verification. If the
 * handle cannot report it, the certificate is not trusted.
 */
function verifyFault(socket: TLSSocket): string | undefined {
  const { _handle: handle } = socket as unknown as { _handle?: { verifyError?(): NodeJS.ErrnoException | null } };
  if (typeof handle?.verifyError !== "function") return "it could not be verified";
  const error = handle.verifyError();
  return error === null || error === undefined ? undefined : (error.code ?? error.message);
}
