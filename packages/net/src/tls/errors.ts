/** What can be wrong with certificates and keys that somebody configured. docs/errors.md lists exactly this table. */
export const TLS_ERRORS = {
  PN_TLS_FILE:
    "A certificate, CA or revocation file is not what it should be. Check the file that is named; all are PEM.",
  PN_TLS_KEY:
    "A private key cannot be used with its certificate. Name the two that belong together, and the key's passphrase if it has one.",
  PN_TLS_EXPIRED: "A certificate is not valid at this time. Renew it, or correct the clock.",
} as const;

export type TlsErrorCode = keyof typeof TLS_ERRORS;

/** A certificate or key that cannot be used; the message says which and why. */
export class TlsError extends Error {
  override readonly name = "TlsError";
  readonly code: TlsErrorCode;
  readonly retryable = false;

  constructor(code: TlsErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
