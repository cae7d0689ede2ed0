/** Errors of configured certificates and keys. docs/errors.md lists exactly this table. */
export const TLS_ERRORS = {
  PN_TLS_FILE:
    "A certificate, CA or revocation file cannot be read. Check the file that the message names; it must be a PEM file.",
  PN_TLS_KEY:
    "A private key cannot be used with its certificate, or the key in a certificate is not secure. Use the key that belongs to the certificate, and its passphrase if it is encrypted; replace a certificate whose key is not secure.",
  PN_TLS_EXPIRED:
    "A certificate has expired or is not valid yet. Renew it, or correct the clock. A server starts with such a certificate, but does not replace a valid one with it.",
} as const;

export type TlsErrorCode = keyof typeof TLS_ERRORS;

/** A certificate or key that cannot be used; the message names it and the reason. */
export class TlsError extends Error {
  override readonly name = "TlsError";
  readonly code: TlsErrorCode;
  readonly retryable = false;

  constructor(code: TlsErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
