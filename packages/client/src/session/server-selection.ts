/** One of a tunnel's sessions, or an attempt at one. Only its identity matters. */
type Candidate = object;

/** A session connected, the last session was lost, or the leader gave up. */
export type SelectionChange = "found" | "down" | "vacant";

/** A session that lasted this long, in milliseconds, was stable: the row of retries after it begins at 1. */
const STABLE = 30_000;
/** How long the selection waits for busy servers in all, in milliseconds, before it turns to the next one. */
const PATIENCE = 60_000;

/**
 * The number of retries in a row, after a session of `age` milliseconds ended, or after an attempt failed (undefined).
 */
export function nextRetry(before: number, age: number | undefined): number {
  return age !== undefined && age >= STABLE ? 1 : before + 1;
}

/**
 * The server that the sessions of a tunnel connect to. All of them use the same one. While no session is connected, one
 * candidate (the leader) tries the servers in order and the others wait, so that a server that is down gets attempts
 * from one session only. The first server is the primary; the others are fallbacks.
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

  /** The server to try, or the one that the sessions are at. */
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

  /** Whether `candidate` may try the current server: a session is connected, or it is, or now becomes, the leader. */
  isLeader(candidate: Candidate): boolean {
    if (this.#connected.size > 0) return true;
    this.#leader ??= candidate;
    return this.#leader === candidate;
  }

  /**
   * Whether a new session with `server` is useless: the tunnel is at another server, and `server` is not the primary.
   */
  isElsewhere(server: URL): boolean {
    return this.#connected.size > 0 && server !== this.current && server !== this.primary;
  }

  /** Calls `listener` once, with the next change. Returns a function that removes it. */
  onChange(listener: (change: SelectionChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * `candidate` has a session with `server`. The first session, and any session with the primary, decides where the
   * tunnel is.
   * @returns whether the tunnel was not there before.
   */
  add(candidate: Candidate, server: URL): boolean {
    const before = this.#connected.size === 0 ? undefined : this.current;
    if (before === undefined || server === this.primary) this.turnTo(server);
    if (this.isAtPrimary) this.#avoided.clear();
    this.#connected.add(candidate);
    this.#leader = undefined;
    this.#waited = 0;
    if (before === undefined) this.#connectedSince = this.#now();
    const isNew = this.current !== before;
    if (isNew) this.#notify("found");
    return isNew;
  }

  /** The tunnel is at `server` from now on. */
  turnTo(server: URL): void {
    this.#at = this.#servers.indexOf(server);
  }

  /** `candidate` has lost its session. */
  remove(candidate: Candidate): void {
    if (!this.#connected.delete(candidate) || this.#connected.size > 0) return;
    this.retries = nextRetry(this.retries, this.#now() - this.#connectedSince);
    this.#notify("down");
  }

  /** `candidate` makes no more attempts. */
  withdraw(candidate: Candidate): void {
    this.remove(candidate);
    if (this.#leader !== candidate) return;
    this.#leader = undefined;
    this.#notify("vacant");
  }

  /** Does not try `server` for this many milliseconds, or until the tunnel is at the primary again. */
  avoid(server: URL, milliseconds: number): void {
    this.#avoided.set(server, this.#now() + milliseconds);
  }

  /**
   * Chooses the server for the next attempt, after one has failed, or after the last session was lost. A server that
   * names the time until it is free is waited for, up to a minute in all; otherwise the next server is tried at once.
   * @returns whether the next attempt may begin at once; false: all servers have been tried, or the current one is
   * waited for.
   */
  chooseNext(cause: "failed" | "lost"): boolean {
    const { wait } = this;
    if (cause === "failed") return !this.#waitsFor(wait) && this.#advance();
    return wait > 0 && this.#advance();
  }

  /** Whether to wait `milliseconds` for the current server; if so, they are counted. */
  #waitsFor(milliseconds: number): boolean {
    if (milliseconds === 0 || this.#waited + milliseconds > PATIENCE) return false;
    this.#waited += milliseconds;
    return true;
  }

  /**
   * Turns to the next server that may be tried, and returns true. When there is none, turns to the first one that may
   * be tried, or else to the one that may be tried soonest, and returns false.
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
