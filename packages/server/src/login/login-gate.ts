import { LOGIN_LIMITS } from "@postern/protocol";
import { SERVER_LIMITS } from "../limits.js";

/** Of the places that are left, one address may have this share. */
const SHARE = 1 / 8;
/** The first in the queue may come again so soon, in milliseconds. */
const SOONEST = 500;
/** What callers are told at most, in milliseconds. Beyond that the queue starts anew. */
const LATEST = 60_000;
/** How far apart their turns are, in milliseconds: as far as logins of that address have been lately, within these. */
const FASTEST_PACE = 5;
const SLOWEST_PACE = 200;
/** How much of the pace the latest login makes. */
const WEIGHT = 1 / 8;

/** One address whose clients want to log in. */
interface Caller {
  /** Connections that have not logged in yet. */
  inside: number;
  /** The last turn that was given to one of those outside. */
  turn: number;
  pace: number;
  /** When one of those inside last made room for another. */
  leftAt: number;
}

/**
 * Lets connections in that are not logged in yet: so many of each address, and so many in all. Whoever is left outside is told when it is
 * its turn: one after the other, so that a thousand that come at once do not come at once again.
 */
export class LoginGate {
  readonly #callers = new Map<string, Caller>();
  readonly #now: () => number;
  #inside = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Lets a connection of `address` in, or says in how many milliseconds it may come again. */
  enter(address: string): number | undefined {
    const network = networkOf(address);
    const caller = this.#callers.get(network) ?? { inside: 0, turn: 0, pace: FASTEST_PACE, leftAt: -Infinity };
    this.#callers.set(network, caller);
    const left = SERVER_LIMITS.logins - this.#inside;
    if (caller.inside >= Math.min(LOGIN_LIMITS.perAddress, Math.ceil(left * SHARE))) return this.#turnOf(caller);
    caller.inside++;
    this.#inside++;
    return undefined;
  }

  /** A connection of `address` that was let in has logged in, or is gone. */
  leave(address: string): void {
    const caller = this.#callers.get(networkOf(address));
    if (caller === undefined) return;
    this.#inside--;
    caller.inside--;
    const now = this.#now();
    if (caller.turn > now) {
      // While others wait, this is how fast the line moves.
      if (caller.leftAt > -Infinity) caller.pace += (now - caller.leftAt - caller.pace) * WEIGHT;
      caller.leftAt = now;
    } else if (caller.inside === 0) this.#callers.delete(networkOf(address));
  }

  /** Forgets addresses that nobody comes from any more. To be called about once a second. */
  sweep(): void {
    const now = this.#now();
    for (const [network, { inside, turn }] of this.#callers)
      if (inside === 0 && turn <= now) this.#callers.delete(network);
  }

  #turnOf(caller: Caller): number {
    const now = this.#now();
    if (caller.turn <= now) caller.leftAt = -Infinity;
    const pace = Math.min(Math.max(caller.pace, FASTEST_PACE), SLOWEST_PACE);
    const next = Math.max(caller.turn + pace, now + SOONEST);
    caller.turn = next > now + LATEST ? now + SOONEST : next;
    return Math.ceil(caller.turn - now);
  }
}

/** Who has one IPv6 address has all of its /64. */
function networkOf(address: string): string {
  if (!address.includes(":")) return address;
  const [before = "", after] = address.split("::");
  const groups = before === "" ? [] : before.split(":");
  const rest = after === undefined || after === "" ? [] : after.split(":");
  while (groups.length + rest.length < 8 && groups.length < 4) groups.push("0");
  return [...groups, ...rest].slice(0, 4).join(":");
}
