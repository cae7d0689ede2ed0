/** Limits on the bodies that steps read before they decide, in bytes of memory. */
export const BODY_QUOTA_LIMITS = {
  /** Of all visitors together. */
  total: 64 * 1024 * 1024,
  /** Of one visitor. */
  visitor: 16 * 1024 * 1024,
  /** Of all tunnels of one owner. */
  owner: 32 * 1024 * 1024,
  /** What an owner gets even if the others use everything. */
  ownerLeast: 1024 * 1024,
} as const;

/** Whose memory a body uses. */
export interface BodyPayer {
  /** An address, as `visitorKey` returns it. */
  readonly visitor: string;
  /** The owner of the tunnel; undefined: the route is the operator's. */
  readonly owner?: string | undefined;
}

type Limits = Readonly<Record<keyof typeof BODY_QUOTA_LIMITS, number>>;

/** The memory that such bodies use. No owner can use so much of it that nothing is left for the others. */
export class BodyQuota {
  readonly #limits: Limits;
  #total = 0;
  readonly #visitors = new Map<string, number>();
  readonly #owners = new Map<string, number>();

  constructor(limits: Limits = BODY_QUOTA_LIMITS) {
    this.#limits = limits;
  }

  /** Bytes in use. */
  get used(): number {
    return this.#total;
  }

  /** @returns false if there is no room, and then nothing changes */
  take({ visitor, owner }: BodyPayer, bytes: number): boolean {
    const limits = this.#limits;
    const ofVisitor = (this.#visitors.get(visitor) ?? 0) + bytes;
    const ofOwner = owner === undefined ? 0 : (this.#owners.get(owner) ?? 0) + bytes;
    if (ofVisitor > limits.visitor || ofOwner > limits.owner) return false;
    const isFull = this.#total + bytes > limits.total;
    if (isFull && (owner === undefined || ofOwner > limits.ownerLeast)) return false;
    this.#total += bytes;
    this.#visitors.set(visitor, ofVisitor);
    if (owner !== undefined) this.#owners.set(owner, ofOwner);
    return true;
  }

  give({ visitor, owner }: BodyPayer, bytes: number): void {
    this.#total -= bytes;
    reduce(this.#visitors, visitor, bytes);
    if (owner !== undefined) reduce(this.#owners, owner, bytes);
  }
}

function reduce(uses: Map<string, number>, name: string, bytes: number): void {
  const left = (uses.get(name) ?? 0) - bytes;
  if (left > 0) uses.set(name, left);
  else uses.delete(name);
}

/** All gateways of the process share it. */
export const BODY_QUOTA = new BodyQuota();
