/** Limits of the first message of a TLS handshake; docs/limits.md lists them. */
export const CLIENT_HELLO_LIMITS = {
  /** In bytes. A typical ClientHello has a few hundred bytes, or about two thousand with post-quantum keys. */
  bytes: 16 * 1024,
} as const;

/** Limits of outbound requests; docs/limits.md lists them. */
export const OUTBOUND_LIMITS = {
  /** The largest response, in bytes. */
  bytes: 256 * 1024,
  /** Timeout of a request, in milliseconds: shorter than the timeout of a login. */
  time: 3_000,
} as const;
