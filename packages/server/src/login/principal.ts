import type { Auth } from "@postern/protocol";
import type { PeerCertificate } from "@postern/net";
import type { NamePatterns } from "../names/name-patterns.js";

/** Who a client is and what it may do, as its credential proves. */
export interface Identity {
  /** Whose the names are that it takes. */
  readonly owner: string;
  /** After whom a tunnel is called that asks for no name; undefined: nobody. */
  readonly user: string | undefined;
  /** The names that it may take. */
  readonly names: NamePatterns;
  /** When its credential ends, in milliseconds of the Unix time; Infinity: when it is taken back. */
  readonly expiresAt: number;
  /** Whether what proved it is still accepted. */
  stands(): boolean;
  /** How to learn that it was taken back, where only somebody else knows. */
  readonly recheck: Recheck | undefined;
}

export interface Recheck {
  /** Milliseconds between two looks. */
  readonly every: number;
  /** Throws what `authenticate` throws. */
  again(): Promise<Identity>;
}

/** Knows one kind of credential, or several. */
export interface Authenticator {
  /**
   * @param peer what the client showed in the TLS handshake.
   * Throws or rejects with TunnelError: PN_AUTH_REFUSED and PN_AUTH_EXPIRED are about the credential, PN_AUTH_UNAVAILABLE is not,
   * PN_UNSUPPORTED says that nobody here knows the method.
   */
  authenticate(auth: Auth, peer: PeerCertificate | undefined): Identity | Promise<Identity>;
}
