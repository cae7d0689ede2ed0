import { nextRetry, type Ending } from "./retry-count.js";

/** A session of a tunnel, or an attempt to open one. Only its identity matters. */
type Candidate = object;

/** `found`: a session connected; `down`: the last session was lost; `vacant`: the leader gave up. */
export type SelectionChange = "found" | "down" | "vacant";

/** How long the selection waits for busy servers in total, in milliseconds, before it moves to the next one. */
const MAX_WAIT = 60_000;

/**
 * Selects the server that the sessions of a tunnel connect to. All of them use the same one. While no session is
 * connected, one candidate (the leader) tries the servers in order and the others wait, so that a server that is down
 * gets attempts from only one session. The first server is the primary; the others are fallbacks.
 */
export class ServerSelection {
  /** Retries in a row while the tunnel has no session. */
  retries = 0;
  readonly #servers: readonly URL[];
  readonly #now: () => number;
  /** When a server may be tried again. */
  readonly #avoided = new Map<URL, number>();
  #at = 0;
  readonly #connected = new Set<Candidate>();
  #connectedSince = 0;
  #waited = 0;
  #leader: Candidate | undefined;
  readonly #listeners = new Set<(change: SelectionChange) => void>();

  /** @param servers at least one. @param now milliseconds of a monotonic clock. */
  constructor(servers: readonly URL[], now: () => number) {
    this.#servers = servers;
    this.#now = now;
  }

  /** The server to try, or the server that the sessions are connected to. */
  get current(): URL {
    return this.#servers[this.#at] as URL;
  }

  get primary(): URL {
    return this.#servers[0] as URL;
  }

  get isAtPrimary(): boolean {
    return this.#at === 0;
  }

  /** Milliseconds until the current server may be tried. */
  get wait(): number {
    return Math.max(0, (this.#avoided.get(this.current) ?? 0) - this.#now());
  }

  /** The number of connected sessions. */
  get connected(): number {
    return this.#connected.size;
  }

  /**
   * Whether `candidate` may try the current server: either a session is connected, or the candidate is the leader.
   * Without a leader, the candidate becomes the leader.
   */
  isLeader(candidate: Candidate): boolean {
    if (this.#connected.size > 0) return true;
    this.#leader ??= candidate;
    return this.#leader === candidate;
  }

  /**
   * Whether a new session with `server` is useless because the tunnel is at another server and `server` is not the
   * primary.
   */
  isElsewhere(server: URL): boolean {
    return this.#connected.size > 0 && server !== this.current && server !== this.primary;
  }

  /** Calls `listener` once, with the next change. Returns a function that removes the listener. */
  onChange(listener: (change: SelectionChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Adds a session of `candidate` with `server`. The first session, and any session with the primary, determines where
   * the tunnel is.
   * @returns whether the tunnel was not there before.
   */
  add(candidate: Candidate, server: URL): boolean {
    const before = this.#connected.size === 0 ? undefined : this.current;
    if (before === undefined || server === this.primary) this.moveTo(server);
    if (this.isAtPrimary) this.#avoided.clear();
    this.#connected.add(candidate);
    this.#leader = undefined;
    this.#waited = 0;
    if (before === undefined) this.#connectedSince = this.#now();
    const isNew = this.current !== before;
    if (isNew) this.#notify("found");
    return isNew;
  }

  /** Moves the tunnel to `server`. */
  moveTo(server: URL): void {
    this.#at = this.#servers.indexOf(server);
  }

  /** Removes the lost session of `candidate`. */
  remove(candidate: Candidate, ending: Ending): void {
    if (!this.#connected.delete(candidate) || this.#connected.size > 0) return;
    this.retries = nextRetry(this.retries, ending, this.#now() - this.#connectedSince);
    this.#notify("down");
  }

  /** Removes a candidate that makes no more attempts. */
  withdraw(candidate: Candidate): void {
    this.remove(candidate, "ended");
    if (this.#leader !== candidate) return;
    this.#leader = undefined;
    this.#notify("vacant");
  }

  /** Avoids `server` for this many milliseconds, or until the tunnel is at the primary again. */
  avoid(server: URL, milliseconds: number): void {
    this.#avoided.set(server, this.#now() + milliseconds);
  }

  /**
   * Chooses the server for the next attempt, after an attempt has failed or the last session was lost. If the server
   * reports when it will be free, the selection waits for it, up to a minute in total. Otherwise it moves to the next
   * server at once.
   * @returns whether the next attempt may begin at once; false: all servers have been tried, or the selection waits for
   *   the current one.
   */
  chooseNext(cause: "failed" | "lost"): boolean {
    const { wait } = this;
    if (cause === "failed") return !this.#waitsFor(wait) && this.#advance();
    return wait > 0 && this.#advance();
  }

  /** Whether to wait `milliseconds` for the current server. If so, the time is counted. */
  #waitsFor(milliseconds: number): boolean {
    if (milliseconds === 0 || this.#waited + milliseconds > MAX_WAIT) return false;
    this.#waited += milliseconds;
    return true;
  }

  /**
   * Moves to the next server that may be tried, and returns true. If there is none, moves to the first one that may be
   * tried, or else to the one that may be tried soonest, and returns false.
   */
  #advance(): boolean {
    const now = this.#now();
    const times = this.#servers.map((server) => Math.max(this.#avoided.get(server) ?? 0, now));
    const next = times.findIndex((time, at) => at > this.#at && time === now);
    this.#at = next < 0 ? times.indexOf(Math.min(...times)) : next;
    return next >= 0;
  }

  #notify(change: SelectionChange): void {
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener(change);
  }
}
