import { TokenBucket } from "@postern/protocol";
import { SERVER_LIMITS } from "../limits.js";

/** Limits of each owner, far above normal use, so that one owner cannot use the whole server. */
export interface OwnerLimits {
  /** Sessions that are logged in at the same time. */
  sessions: number;
  /** Names, including those that are kept while no session serves them. */
  names: number;
  /** Binds and checks per minute. The same number is accepted at once after a quiet minute. */
  bindRate: number;
}

export const DEFAULT_OWNER_LIMITS: Readonly<OwnerLimits> = {
  sessions: SERVER_LIMITS.sessionsPerOwner,
  names: SERVER_LIMITS.namesPerOwner,
  bindRate: SERVER_LIMITS.bindsPerOwner,
};

/** The shortest and the longest delay before a client may retry, in milliseconds. */
const MIN_RETRY = 1_000;
const MAX_RETRY = 10_000;

interface Owner {
  sessions: number;
  /** Limits its binds and checks. */
  readonly binds: TokenBucket;
}

/** Counts the sessions and the binds of each owner. */
export class Owners {
  readonly #limits: OwnerLimits;
  readonly #now: () => number;
  readonly #owners = new Map<string, Owner>();

  /** @param now milliseconds. */
  constructor(limits: OwnerLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  /** Adds a session, unless the owner has as many as it may have. Returns whether it was added. */
  enter(owner: string): boolean {
    const entry = this.#of(owner);
    if (entry.sessions >= this.#limits.sessions) return false;
    entry.sessions++;
    return true;
  }

  /** Removes a session that `enter` has added. */
  leave(owner: string): void {
    this.#of(owner).sessions--;
  }

  /** Counts a bind or check of the owner. Returns whether the rate allows it. */
  mayBind(owner: string): boolean {
    return this.#of(owner).binds.take(this.#now());
  }

  /** Owners that are remembered. */
  get size(): number {
    return this.#owners.size;
  }

  /** Sessions by owner, for owners that have any. */
  *sessions(): Generator<[owner: string, sessions: number]> {
    for (const [owner, { sessions }] of this.#owners) if (sessions > 0) yield [owner, sessions];
  }

  /** Forgets owners without sessions and recent binds. Call it about once a second. */
  sweep(): void {
    const now = this.#now();
    for (const [owner, { sessions, binds }] of this.#owners)
      if (sessions === 0 && binds.isFull(now)) this.#owners.delete(owner);
  }

  #of(owner: string): Owner {
    const known = this.#owners.get(owner);
    if (known !== undefined) return known;
    const { bindRate } = this.#limits;
    const entry: Owner = { sessions: 0, binds: new TokenBucket(bindRate, bindRate / 60, this.#now()) };
    this.#owners.set(owner, entry);
    return entry;
  }
}

/** Milliseconds after which a client beyond a limit may retry: random, so that many clients do not retry together. */
export function ownerRetry(): number {
  return Math.round(MIN_RETRY + (MAX_RETRY - MIN_RETRY) * Math.random());
}
