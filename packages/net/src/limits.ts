/** Limits of outbound requests; docs/limits.md lists them. */
export const OUTBOUND_LIMITS = {
  /** The largest response, in bytes. */
  bytes: 256 * 1024,
  /** Timeout of a request, in milliseconds: shorter than the timeout of a login. */
  time: 3_000,
} as const;
