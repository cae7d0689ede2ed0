/**
 * Why policies cannot be enforced: `invalid`, a value is wrong; `unsupported`, this version does not know the policy.
 * The message is the end of a sentence, and never shows a value.
 */
export class PolicyError extends Error {
  readonly kind: "invalid" | "unsupported";

  constructor(kind: PolicyError["kind"], message: string) {
    super(message);
    this.kind = kind;
  }
}

/** @throws PolicyError `invalid`. */
export function invalid(message: string): never {
  throw new PolicyError("invalid", message);
}
