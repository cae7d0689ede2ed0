import { LOGIN_LIMITS } from "@postern/protocol";
import { SERVER_LIMITS } from "../limits.js";
import { RetryTimes } from "./retry-times.js";

/** The share of the free places that one address may use. */
const SHARE = 1 / 8;
/** The shortest time until a retry, in milliseconds. */
const MIN_WAIT = 500;
/** The longest time until a retry, in milliseconds. Beyond it the queue starts again from the shortest time. */
const MAX_WAIT = 60_000;
/**
 * Bounds of the time between two retries, in milliseconds. Within them, it is a moving average of the times between
 * logins of the address.
 */
const MIN_PACE = 5;
const MAX_PACE = 200;
/** The weight of the latest time in the moving average. */
const WEIGHT = 1 / 8;

/** The state of one address (IPv6: of one /64 network). */
interface Source {
  /** Connections that are not logged in yet. */
  pending: number;
  /** The latest time that was assigned for a retry. */
  retryAt: number;
  /** All of them. Undefined: none was assigned. */
  retries: RetryTimes | undefined;
  pace: number;
  /** When a connection last left while others waited. */
  leftAt: number;
}

/**
 * Limits the connections that are not logged in, for each address and in total. A connection beyond the limit gets a
 * separate time to retry, so that a thousand clients that connect at the same time do not retry at the same time. Each
 * address has a few more places for clients that return at their time, so that connections that never log in cannot
 * lock out all clients behind the same address.
 */
export class LoginGate {
  readonly #sources = new Map<string, Source>();
  readonly #now: () => number;
  #pending = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Admits a connection of `address` and returns undefined, or returns the milliseconds until the client may retry. */
  enter(address: string): number | undefined {
    const network = networkOf(address);
    const source = this.#sources.get(network) ?? newSource();
    this.#sources.set(network, source);
    const left = SERVER_LIMITS.logins - this.#pending;
    const places = Math.min(LOGIN_LIMITS.perAddress, Math.ceil(left * SHARE));
    if (source.pending >= places && !this.#returns(source, places)) return this.#scheduleRetry(source);
    source.pending++;
    this.#pending++;
    return undefined;
  }

  /** Call it when an admitted connection of `address` has logged in or closed. */
  leave(address: string): void {
    const source = this.#sources.get(networkOf(address));
    if (source === undefined) return;
    this.#pending--;
    source.pending--;
    const now = this.#now();
    if (source.retryAt > now) {
      // While others wait, the time between two logins is the pace of the queue.
      if (source.leftAt > -Infinity) source.pace += (now - source.leftAt - source.pace) * WEIGHT;
      source.leftAt = now;
    } else if (source.pending === 0) this.#sources.delete(networkOf(address));
  }

  /** Removes addresses without connections and retries. Call it about once a second. */
  sweep(): void {
    const now = this.#now();
    for (const [network, { pending, retryAt, retries }] of this.#sources) {
      if (pending === 0 && retryAt <= now) this.#sources.delete(network);
      else retries?.sweep(now);
    }
  }

  /** Whether a client returns at the time it was given, and one of the places for such clients is free. */
  #returns({ pending, retries }: Source, places: number): boolean {
    const hasPlace = pending < places + LOGIN_LIMITS.returning && this.#pending < SERVER_LIMITS.logins;
    return hasPlace && retries?.take(this.#now()) === true;
  }

  #scheduleRetry(source: Source): number {
    const now = this.#now();
    if (source.retryAt <= now) source.leftAt = -Infinity;
    const pace = Math.min(Math.max(source.pace, MIN_PACE), MAX_PACE);
    const next = Math.max(source.retryAt + pace, now + MIN_WAIT);
    source.retryAt = next > now + MAX_WAIT ? now + MIN_WAIT : next;
    (source.retries ??= new RetryTimes()).add(source.retryAt);
    return Math.ceil(source.retryAt - now);
  }
}

function newSource(): Source {
  return { pending: 0, retryAt: 0, retries: undefined, pace: MIN_PACE, leftAt: -Infinity };
}

/** A /64 of IPv6 counts as one address, because its holder can use all of it. */
function networkOf(address: string): string {
  if (!address.includes(":")) return address;
  const [before = "", after] = address.split("::");
  const groups = before === "" ? [] : before.split(":");
  const rest = after === undefined || after === "" ? [] : after.split(":");
  while (groups.length + rest.length < 8 && groups.length < 4) groups.push("0");
  return [...groups, ...rest].slice(0, 4).join(":");
}
