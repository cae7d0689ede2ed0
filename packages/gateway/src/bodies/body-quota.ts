/** Limits on the bodies that steps read before they decide, in bytes of memory. */
export const BODY_QUOTA_LIMITS = {
  /** Of all visitors together. */
  total: 64 * 1024 * 1024,
  /** Of one visitor. */
  visitor: 16 * 1024 * 1024,
} as const;

/** The memory that such bodies use. A visitor is an address, as `visitorKey` returns it. */
export class BodyQuota {
  readonly #limits: { readonly total: number; readonly visitor: number };
  #total = 0;
  readonly #byVisitor = new Map<string, number>();

  constructor(limits: { readonly total: number; readonly visitor: number } = BODY_QUOTA_LIMITS) {
    this.#limits = limits;
  }

  /** Bytes in use. */
  get used(): number {
    return this.#total;
  }

  /** @returns false if there is no room, and then nothing changes */
  take(visitor: string, bytes: number): boolean {
    const used = (this.#byVisitor.get(visitor) ?? 0) + bytes;
    if (this.#total + bytes > this.#limits.total || used > this.#limits.visitor) return false;
    this.#total += bytes;
    this.#byVisitor.set(visitor, used);
    return true;
  }

  give(visitor: string, bytes: number): void {
    this.#total -= bytes;
    const used = (this.#byVisitor.get(visitor) ?? 0) - bytes;
    if (used > 0) this.#byVisitor.set(visitor, used);
    else this.#byVisitor.delete(visitor);
  }
}

/** All gateways of the process share it. */
export const BODY_QUOTA = new BodyQuota();
