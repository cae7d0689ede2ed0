/** Changes the bytes of one body while they pass. */
export interface BodyEdit {
  /**
   * Takes the next piece.
   * @param piece valid only during the call
   * @param most bytes that may become of it
   * @returns what can be passed on; empty if nothing can. Valid until the next call, and as long as `piece`
   * @throws TransformFault if the body cannot be changed
   */
  write(piece: Buffer, most: number): Buffer;
  /**
   * The body is complete.
   * @returns the rest of it, valid until the next body
   * @throws TransformFault if the body is not complete
   */
  end(): Buffer;
}

/**
 * Why a body cannot be changed: its coding or charset is not known, its coded form is damaged, its content does not
 * have the form that its type requires, it is too large or grows too much, it is a stream of events, or there is no
 * time or memory for it.
 */
export type FaultKind = "coding" | "damaged" | "form" | "size" | "stream" | "time" | "busy";

/** A body cannot be changed. It must not be passed on as if it had been. */
export class TransformFault extends Error {
  override readonly name = "TransformFault";
  readonly kind: FaultKind;

  /** @param message for the owner; it contains nothing of the body */
  constructor(kind: FaultKind, message: string) {
    super(message);
    this.kind = kind;
  }
}

/** How much a body may grow: a piece of it, and what the replacements and added members make of it. */
export const GROWTH_LIMITS = {
  /** Times the size of the piece. */
  ratio: 16,
  /** Bytes beyond that. */
  extra: 1024 * 1024,
} as const;

/** The most bytes that may become of `bytes` bytes of a body. */
export function mostAfter(bytes: number): number {
  return GROWTH_LIMITS.ratio * bytes + GROWTH_LIMITS.extra;
}

export function grownTooMuch(): TransformFault {
  return new TransformFault("size", `the changes make the body more than ${GROWTH_LIMITS.ratio} times as large`);
}
