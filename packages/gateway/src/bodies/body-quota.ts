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
  /** What the operator's own routes get even then. */
  operatorLeast: 16 * 1024 * 1024,
} as const;

/** The same for forms with a password: large bodies leave their memory alone. */
export const FORM_QUOTA_LIMITS = {
  total: 16 * 1024 * 1024,
  visitor: 128 * 1024,
  owner: 4 * 1024 * 1024,
  ownerLeast: 256 * 1024,
  operatorLeast: 4 * 1024 * 1024,
} as const;

/** Whose memory a body uses. */
export interface BodyPayer {
  /** An address, as `visitorKey` returns it. */
  readonly visitor: string;
  /** The owner of the tunnel; undefined: the route is the operator's. */
  readonly owner?: string | undefined;
}

type Limits = Readonly<Record<keyof typeof BODY_QUOTA_LIMITS, number>>;

/**
 * The memory that such bodies use. No owner can use so much of it that nothing is left for the others, or for the
 * operator.
 */
export class BodyQuota {
  readonly #limits: Limits;
  #total = 0;
  readonly #visitors = new Map<string, number>();
  /** By owner; undefined: the operator. */
  readonly #owners = new Map<string | undefined, number>();

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
    const ofOwner = (this.#owners.get(owner) ?? 0) + bytes;
    if (ofVisitor > limits.visitor || (owner !== undefined && ofOwner > limits.owner)) return false;
    const isFull = this.#total + bytes > limits.total;
    if (isFull && ofOwner > (owner === undefined ? limits.operatorLeast : limits.ownerLeast)) return false;
    this.#total += bytes;
    this.#visitors.set(visitor, ofVisitor);
    this.#owners.set(owner, ofOwner);
    return true;
  }

  give({ visitor, owner }: BodyPayer, bytes: number): void {
    this.#total -= bytes;
    reduce(this.#visitors, visitor, bytes);
    reduce(this.#owners, owner, bytes);
  }
}

function reduce<Name>(uses: Map<Name, number>, name: Name, bytes: number): void {
  const left = (uses.get(name) ?? 0) - bytes;
  if (left > 0) uses.set(name, left);
  else uses.delete(name);
}

/** All gateways of the process share it, and `FORM_QUOTA`. */
export const BODY_QUOTA = new BodyQuota();
export const FORM_QUOTA = new BodyQuota(FORM_QUOTA_LIMITS);
