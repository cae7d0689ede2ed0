import { Session, type TurnBudget } from "@postern/protocol";
import { SERVER_LIMITS } from "../limits.js";

/** A session that is logged in. */
export interface OwnedSession {
  /** Bytes of memory that its data occupies. */
  readonly held: number;
  /** The work that its client may cause in one turn of the event loop. */
  budget: TurnBudget;
}

interface Owner<Member> {
  readonly sessions: Set<Member>;
  readonly budget: TurnBudget;
}

/**
 * The logged-in sessions of each owner. They share one budget of work, and their memory is charged to the owner: an
 * owner with many sessions can do no more harm than one with a single session.
 */
export class SessionsByOwner<Member extends OwnedSession> {
  readonly #owners = new Map<string, Owner<Member>>();

  add(owner: string, session: Member): void {
    let entry = this.#owners.get(owner);
    if (entry === undefined) {
      entry = { sessions: new Set(), budget: Session.budget((task) => void setImmediate(task)) };
      this.#owners.set(owner, entry);
    }
    entry.sessions.add(session);
    session.budget = entry.budget;
  }

  remove(owner: string, session: Member): void {
    const entry = this.#owners.get(owner);
    entry?.sessions.delete(session);
    if (entry?.sessions.size === 0) this.#owners.delete(owner);
  }

  /**
   * The session whose end frees the most memory of the owner that holds the most; undefined when no owner holds enough
   * to matter.
   */
  largest(): Member | undefined {
    let largest: Member | undefined;
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
}
