/** Limits of what this side fetches from others; docs/limits.md lists them. */
export const OUTBOUND_LIMITS = {
  /** What a token's issuer may answer, in bytes. */
  bytes: 256 * 1024,
  /** How long that may take, in milliseconds: shorter than a login. */
  time: 3_000,
} as const;
