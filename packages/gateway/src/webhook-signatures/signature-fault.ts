/** Why a signature is not valid. */
export type FaultKind = "missing" | "malformed" | "old" | "early" | "mismatch" | "repeated";

/** Why a signature is not valid, for the owner of the secret. The sender must not get it. */
export class SignatureFault {
  readonly kind: FaultKind;
  /** Without the signature and the secret. */
  readonly text: string;

  constructor(kind: FaultKind, text: string) {
    this.kind = kind;
    this.text = text;
  }
}
