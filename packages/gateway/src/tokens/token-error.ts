/** Why a token is not accepted. The message is for the owner, and never contains the token. */
export class TokenError extends Error {
  override readonly name = "TokenError";
  /** `unavailable`: it cannot be checked now. */
  readonly kind: "refused" | "expired" | "unavailable";
  /** Milliseconds after which it can be checked again; undefined: unknown. */
  readonly retryAfter: number | undefined;

  constructor(kind: TokenError["kind"], message: string, retryAfter?: number) {
    super(message);
    this.kind = kind;
    this.retryAfter = retryAfter;
  }
}
