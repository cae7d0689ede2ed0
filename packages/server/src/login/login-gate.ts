import { LOGIN_LIMITS } from "@postern/protocol";
import { SERVER_LIMITS } from "../limits.js";

/** The share of the free places that one address may use. */
const SHARE = 1 / 8;
/** When the first in the queue may come again, in milliseconds. */
const SOONEST = 500;
/** The longest wait, in milliseconds. Beyond it the queue starts from the beginning. */
const LATEST = 60_000;
/** Bounds of the time between two turns, in milliseconds. Within them it follows the address's recent logins. */
const FASTEST_PACE = 5;
const SLOWEST_PACE = 200;
/** The weight of the latest login in that average. */
const WEIGHT = 1 / 8;

/** One address (IPv6: one /64) with clients that log in. */
interface Caller {
  /** Connections that are not logged in yet. */
  inside: number;
  /** The last turn that was given out. */
  turn: number;
  pace: number;
  /** When a connection last left while others waited. */
  leftAt: number;
}

/**
 * Limits the connections that are not logged in, for each address and in total. A connection beyond the limit gets a
 * turn of its own to come again, so that a thousand clients that connect at once do not come back at once.
 */
export class LoginGate {
  readonly #callers = new Map<string, Caller>();
  readonly #now: () => number;
  #inside = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Admits a connection of `address` (undefined), or returns the milliseconds after which it may come again. */
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

  /** An admitted connection of `address` has logged in, or is gone. */
  leave(address: string): void {
    const caller = this.#callers.get(networkOf(address));
    if (caller === undefined) return;
    this.#inside--;
    caller.inside--;
    const now = this.#now();
    if (caller.turn > now) {
      // While others wait, this is the pace of the queue.
      if (caller.leftAt > -Infinity) caller.pace += (now - caller.leftAt - caller.pace) * WEIGHT;
      caller.leftAt = now;
    } else if (caller.inside === 0) this.#callers.delete(networkOf(address));
  }

  /** Removes addresses without connections and turns. Call about once a second. */
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

/** A /64 of IPv6 counts as one address: its holder can use all of it. */
function networkOf(address: string): string {
  if (!address.includes(":")) return address;
  const [before = "", after] = address.split("::");
  const groups = before === "" ? [] : before.split(":");
  const rest = after === undefined || after === "" ? [] : after.split(":");
  while (groups.length + rest.length < 8 && groups.length < 4) groups.push("0");
  return [...groups, ...rest].slice(0, 4).join(":");
}
