import type { PeerCertificate } from "@postern/net";
import type { Auth } from "@postern/protocol";
import type { NamePatterns } from "../names/name-patterns.js";

/** The identity and the permissions of a client, from its credential. */
export interface Principal {
  /** The owner of the names that the client takes. */
  readonly owner: string;
  /** The name of a tunnel whose client requests none; undefined: a random one. */
  readonly user: string | undefined;
  /** The names that the client may take. */
  readonly names: NamePatterns;
  /** When the credential expires, in milliseconds of Unix time; Infinity: never. */
  readonly expiresAt: number;
  /** Whether the credential is still accepted. It may have been revoked. */
  isAccepted(): boolean;
  /** How to find out that the credential was revoked, where only its issuer knows. */
  readonly recheck: Recheck | undefined;
}

export interface Recheck {
  /** Milliseconds between two checks. */
  readonly every: number;
  /** Throws what `authenticate` throws. */
  again(): Promise<Principal>;
}

/** Checks credentials of one method, or of several. */
export interface Authenticator {
  /**
   * @param peer the certificate that the client showed in the TLS handshake.
   * @throws TunnelError, or a promise that rejects with it: PN_AUTH_REFUSED, PN_AUTH_EXPIRED or PN_CERTIFICATE_… when
   *   the credential is not accepted, PN_AUTH_UNAVAILABLE when it cannot be checked now, PN_UNSUPPORTED when the method
   *   is unknown.
   */
  authenticate(auth: Auth, peer: PeerCertificate | undefined): Principal | Promise<Principal>;
}
