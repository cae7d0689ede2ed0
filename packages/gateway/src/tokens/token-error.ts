/** Why a token is not accepted. The message is for the owner, and never contains the token. */
export class TokenError extends Error {
  override readonly name = "TokenError";
  /** `unavailable`: it cannot be checked now. */
  readonly kind: "refused" | "expired" | "unavailable";
  /** Milliseconds after which it can be checked again; undefined: unknown. */
  readonly retryAfter: number | undefined;

  /** Whether the token names a key that was not among those fetched just now. The name may be invented. */
  readonly isKeyUnknown: boolean;

  constructor(kind: TokenError["kind"], message: string, retryAfter?: number, isKeyUnknown = false) {
    super(message);
    this.kind = kind;
    this.retryAfter = retryAfter;
    this.isKeyUnknown = isKeyUnknown;
  }
}
