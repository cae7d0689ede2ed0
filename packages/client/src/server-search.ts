/** One of a tunnel's sessions, or what becomes one; only who it is counts. */
type Seeker = object;

/**
 * Where the sessions of a tunnel go: all to the same server. While none of them stands, one looks for a server, in order, and the others wait
 * for what it finds, so that servers that are away hear from one, however many sessions are wished. The first server is where the tunnel
 * belongs, the others are there for when that is away.
 */
export class ServerSearch {
  readonly #servers: readonly URL[];
  readonly #refusing = new Set<URL>();
  #at = 0;
  readonly #standing = new Set<Seeker>();
  #leader: Seeker | undefined;
  readonly #waiting = new Set<() => void>();

  /** @param servers at least one. */
  constructor(servers: readonly URL[]) {
    this.#servers = servers;
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

  /** Whether an attempt is up to `who`: a session of another stands, or nobody else is looking. In the latter case it looks from now on. */
  leads(who: Seeker): boolean {
    if (this.#standing.size > 0) return true;
    this.#leader ??= who;
    return this.#leader === who;
  }

  /** Whether the tunnel stands without `who`. */
  standsWithout(who: Seeker): boolean {
    return this.#standing.size > (this.#standing.has(who) ? 1 : 0);
  }

  /** Calls `task`, once, when a server was found or whoever looked for one gives up. Returns what takes that back. */
  onOutcome(task: () => void): () => void {
    this.#waiting.add(task);
    return () => this.#waiting.delete(task);
  }

  /** `who` has a session with `server`. The first to stand says where the tunnel is, and whoever is at home. */
  stands(who: Seeker, server: URL): void {
    const isFirst = this.#standing.size === 0;
    if (isFirst || server === this.home) this.#at = this.#servers.indexOf(server);
    if (this.isHome) this.#refusing.clear();
    this.#standing.add(who);
    this.#leader = undefined;
    if (isFirst) this.#tell();
  }

  /** Its session does not stand any more. */
  lost(who: Seeker): void {
    this.#standing.delete(who);
  }

  /** It looks no more. */
  gone(who: Seeker): void {
    this.lost(who);
    if (this.#leader !== who) return;
    this.#leader = undefined;
    this.#tell();
  }

  /**
   * `server` refuses us for good: it is left out until the first is back.
   * @returns false for the first itself: what that says is final.
   */
  leaveOut(server: URL): boolean {
    if (server === this.home) return false;
    this.#refusing.add(server);
    return true;
  }

  /** The current server cannot be had. Turns to the next; returns false when all have been tried, and begins anew with the first. */
  next(): boolean {
    do this.#at = (this.#at + 1) % this.#servers.length;
    while (this.#refusing.has(this.current));
    return !this.isHome;
  }

  #tell(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const task of waiting) task();
  }
}
