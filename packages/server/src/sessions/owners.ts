import { Session, TokenBucket, type TurnBudget } from "@postern/protocol";
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

/** A session that is logged in. */
export interface OwnedSession {
  /** Bytes of memory that its data occupies. */
  readonly held: number;
  /** The work that its client may cause in one turn of the event loop. */
  budget: TurnBudget;
  endForMemory(): void;
}

interface Owner {
  /** Those that are logged in. */
  readonly sessions: Set<OwnedSession>;
  readonly budget: TurnBudget;
  /** Limits its binds and checks. */
  readonly binds: TokenBucket;
}

/**
 * The limits and the budget of work that the sessions of each owner share, and the memory that they hold together. An
 * owner with many sessions can do no more harm than one with a single session.
 */
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
  enter(owner: string, session: OwnedSession): boolean {
    const { sessions, budget } = this.#of(owner);
    if (sessions.size >= this.#limits.sessions) return false;
    sessions.add(session);
    session.budget = budget;
    return true;
  }

  /** Removes a session that `enter` has added. */
  leave(owner: string, session: OwnedSession): void {
    this.#of(owner).sessions.delete(session);
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
    for (const [owner, { sessions }] of this.#owners) if (sessions.size > 0) yield [owner, sessions.size];
  }

  /**
   * The session whose end frees the most memory of the owner that holds the most; undefined when no owner holds enough
   * to matter.
   */
  largest(): OwnedSession | undefined {
    let largest: OwnedSession | undefined;
    let most: number = SERVER_LIMITS.muchHeld;
    for (const { sessions } of this.#owners.values()) {
      const members = [...sessions];
      const held = members.reduce((sum, session) => sum + session.held, 0);
      if (held < most) continue;
      most = held;
      largest = members.reduce((one, other) => (other.held > one.held ? other : one));
    }
    return largest;
  }

  /** Forgets owners without sessions and recent binds. Call it about once a second. */
  sweep(): void {
    const now = this.#now();
    for (const [owner, { sessions, binds }] of this.#owners)
      if (sessions.size === 0 && binds.isFull(now)) this.#owners.delete(owner);
  }

  #of(owner: string): Owner {
    const known = this.#owners.get(owner);
    if (known !== undefined) return known;
    const { bindRate } = this.#limits;
    const entry: Owner = {
      sessions: new Set(),
      budget: Session.budget((task) => void setImmediate(task)),
      binds: new TokenBucket(bindRate, bindRate / 60, this.#now()),
    };
    this.#owners.set(owner, entry);
    return entry;
  }
}

/** Milliseconds after which a client beyond a limit may retry: random, so that many clients do not retry together. */
export function ownerRetry(): number {
  return Math.round(MIN_RETRY + (MAX_RETRY - MIN_RETRY) * Math.random());
}
