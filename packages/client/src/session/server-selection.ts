/** One of a tunnel's sessions, or what becomes one; only who it is counts. */
type Seeker = object;

/** What those hear who wait: a server was found, the last session is gone, or who looked for a server has given up. */
export type SearchNews = "found" | "down" | "free";

/** A session that has lasted so long was a good one: after it, retries begin anew. In milliseconds. */
const STABLE = 30_000;
/** Servers that are there and busy are waited for so long in all, in milliseconds; then others are asked. */
const PATIENCE = 60_000;

/** How many retries in a row there have been when a session of `age` milliseconds has ended, or an attempt has failed. */
export function nextRetry(before: number, age: number | undefined): number {
  return age !== undefined && age >= STABLE ? 1 : before + 1;
}

/**
 * Where the sessions of a tunnel go: all to the same server. While none of them stands, one looks for a server, in order, and the others wait
 * for what it finds, so that servers that are away hear from one, however many sessions are wished. The first server is where the tunnel
 * belongs, the others are there for when that is away.
 */
export class ServerSearch {
  /** Retries in a row while the tunnel has not stood. */
  retries = 0;
  readonly #servers: readonly URL[];
  readonly #now: () => number;
  /** Until when a server is left alone. */
  readonly #avoided = new Map<URL, number>();
  #at = 0;
  readonly #standing = new Set<Seeker>();
  #stoodSince = 0;
  #waited = 0;
  #leader: Seeker | undefined;
  readonly #waiting = new Set<(news: SearchNews) => void>();

  /** @param servers at least one. @param now milliseconds, of a clock that is never set. */
  constructor(servers: readonly URL[], now: () => number) {
    this.#servers = servers;
    this.#now = now;
  }

  /** The one to try, or where the sessions are. */
  get current(): URL {
    return this.#servers[this.#at] as URL;
  }

  get home(): URL {
    return this.#servers[0] as URL;
  }

  get isHome(): boolean {
    return this.#at === 0;
  }

  /** Milliseconds until the current server may be tried. */
  get wait(): number {
    return Math.max(0, (this.#avoided.get(this.current) ?? 0) - this.#now());
  }

  /** Sessions that stand. */
  get standing(): number {
    return this.#standing.size;
  }

  /** Whether an attempt is up to `who`: a session stands, or nobody else looks for a server. In the latter case it looks from now on. */
  leads(who: Seeker): boolean {
    if (this.#standing.size > 0) return true;
    this.#leader ??= who;
    return this.#leader === who;
  }

  /** Whether a session with `server` would be one too many there: the tunnel is at another, and that is no way home. */
  isElsewhere(server: URL): boolean {
    return this.#standing.size > 0 && server !== this.current && server !== this.home;
  }

  /** Calls `task`, once, with what happens next. Returns what takes that back. */
  onNews(task: (news: SearchNews) => void): () => void {
    this.#waiting.add(task);
    return () => this.#waiting.delete(task);
  }

  /**
   * `who` has a session with `server`. The first to stand says where the tunnel is, and whoever is at home.
   * @returns whether the tunnel was not there before.
   */
  stands(who: Seeker, server: URL): boolean {
    const before = this.#standing.size === 0 ? undefined : this.current;
    if (before === undefined || server === this.home) this.turnTo(server);
    if (this.isHome) this.#avoided.clear();
    this.#standing.add(who);
    this.#leader = undefined;
    this.#waited = 0;
    if (before === undefined) this.#stoodSince = this.#now();
    const isNew = this.current !== before;
    if (isNew) this.#tell("found");
    return isNew;
  }

  /** The tunnel is at `server` from now on. */
  turnTo(server: URL): void {
    this.#at = this.#servers.indexOf(server);
  }

  /** Its session does not stand any more. */
  lost(who: Seeker): void {
    if (!this.#standing.delete(who) || this.#standing.size > 0) return;
    this.retries = nextRetry(this.retries, this.#now() - this.#stoodSince);
    this.#tell("down");
  }

  /** It looks no more. */
  gone(who: Seeker): void {
    this.lost(who);
    if (this.#leader !== who) return;
    this.#leader = undefined;
    this.#tell("free");
  }

  /** `server` is left alone for so many milliseconds, or until the tunnel is at home again. */
  avoid(server: URL, milliseconds: number): void {
    this.#avoided.set(server, this.#now() + milliseconds);
  }

  /** Whether a server that is busy for so many milliseconds is worth waiting for; then it is waited for. */
  isWorthWaiting(milliseconds: number): boolean {
    if (milliseconds === 0 || this.#waited + milliseconds > PATIENCE) return false;
    this.#waited += milliseconds;
    return true;
  }

  /**
   * The current server cannot be had. Turns to the next that may be tried, and returns true; where all have been tried, turns to the first
   * that may be, or may be soonest, and returns false.
   */
  next(): boolean {
    const now = this.#now();
    const times = this.#servers.map((server) => Math.max(this.#avoided.get(server) ?? 0, now));
    const next = times.findIndex((time, at) => at > this.#at && time === now);
    this.#at = next < 0 ? times.indexOf(Math.min(...times)) : next;
    return next >= 0;
  }

  #tell(news: SearchNews): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const task of waiting) task(news);
  }
}
