import { TunnelError } from "@postern/protocol";
import { backoff } from "./backoff.js";
import { following } from "./connection-state.js";
import type { Credential } from "./credential.js";
import type { KeeperEvents, Keeping } from "./keeping.js";
import { LiveSession } from "./live-session.js";
import type { ConnectionState } from "./options.js";
import { nextRetry, type SearchNews } from "./server-search.js";
import type { Change } from "./surroundings.js";
import { DRAIN } from "./tunnel-session.js";

/** A fallback that refuses us is left alone for so long, in milliseconds. */
const REFUSED = 600_000;
/** A server that is there and asks for no more patience than this, in milliseconds, is waited for. */
const PATIENCE = 60_000;
/** An attempt that has lasted so long, in milliseconds, is begun anew when something has changed around us. */
const OLD_ATTEMPT = 1_000;

/** Keeps one session of a tunnel: while it runs there is one, or one is on its way. */
export class SessionKeeper {
  state: ConnectionState = "disconnected";
  readonly #keeping: Keeping;
  readonly #credential: Credential;
  readonly #events: KeeperEvents;
  #live: LiveSession | undefined;
  /** Those that are open, also if they only finish what they have begun. */
  readonly #sessions = new Set<LiveSession>();
  #attempt: { began: number; controller: AbortController } | undefined;
  #hurry: (() => void) | undefined;
  /** Retries in a row while other sessions stand. */
  #retries = 0;
  /** The others are enough: until another server is found, or for ever. */
  #surplus: "now" | "always" | undefined;

  constructor(keeping: Keeping, credential: Credential, events: KeeperEvents) {
    this.#keeping = keeping;
    this.#credential = credential;
    this.#events = events;
  }

  /** The one that serves. */
  get live(): LiveSession | undefined {
    return this.#live;
  }

  /** Begins nothing new, and lets what is in progress end. Returns how many sessions there were. */
  async drain(timeout: number): Promise<number> {
    this.#attempt?.controller.abort();
    // Those that a server asked to go may have requests in progress, too.
    const sessions = [...this.#sessions].flatMap(({ session }) => session ?? []);
    await Promise.all(sessions.map((session) => session.drain(timeout)));
    return sessions.length;
  }

  /** It is not going to run. */
  release(): void {
    this.#credential.release();
  }

  /** Something has happened around us: what waits tries at once, an attempt that does not get on begins anew, what stands proves itself. */
  notice(change: Change): void {
    this.#hurry?.();
    const { uptime } = this.#keeping.means;
    if (this.#attempt !== undefined && uptime() - this.#attempt.began >= OLD_ATTEMPT) this.#attempt.controller.abort();
    this.#live?.session?.prove(change);
  }

  /**
   * Session after session, until the tunnel is closed, or the others are enough.
   * @throws TunnelError when it cannot go on.
   */
  async run(): Promise<void> {
    const { signal, search } = this.#keeping;
    const stop = (): void => {
      this.#attempt?.controller.abort();
      for (const { session } of this.#sessions) session?.close();
    };
    signal.addEventListener("abort", stop, { once: true });
    try {
      for (let isDue = true; !this.#over;) {
        if (this.#surplus !== undefined || !search.leads(this)) isDue = await this.#standAside();
        else if (!isDue) isDue = await this.#pause();
        else isDue = await this.#keepOne(search.current);
      }
    } catch (error) {
      // A server that takes the name away lets requests in progress end.
      if (this.#sessions.size > 0) {
        this.#setState("draining");
        await this.drain(DRAIN);
      }
      throw error;
    } finally {
      search.gone(this);
      signal.removeEventListener("abort", stop);
    }
    if (this.#surplus !== undefined) this.#setState("disconnected");
  }

  /** Goes to `server` without a gap: the new session stands before the old one ends. Returns whether it did; if not, nothing has changed. */
  async move(server: URL): Promise<boolean> {
    const live = this.#live;
    if (live === undefined || this.#attempt !== undefined) return false;
    const attempt = this.#beginAttempt();
    // What does not stand any more has no place to be taken.
    const abandon = (): void => attempt.abort();
    live.gone.addEventListener("abort", abandon, { once: true });
    try {
      await this.#open(server, attempt, live);
      return true;
    } catch {
      return false;
    } finally {
      live.gone.removeEventListener("abort", abandon);
      this.#endAttempt(attempt);
    }
  }

  /** Goes to `server`, with a gap if need be: others serve. */
  async follow(server: URL): Promise<void> {
    const live = this.#live;
    if (live === undefined || this.#attempt !== undefined) return;
    if ((await this.move(server)) || this.#live !== live) return;
    if (this.#keeping.search.standing > 1) this.#replace(live);
  }

  get #over(): boolean {
    return this.#keeping.signal.aborted || this.#keeping.closing || this.#surplus === "always";
  }

  /** One session, from the attempt to its end. Returns whether the next attempt is due at once. @throws TunnelError when there can be none. */
  async #keepOne(server: URL): Promise<boolean> {
    const { means } = this.#keeping;
    const attempt = this.#beginAttempt();
    let live: LiveSession;
    try {
      live = await this.#open(server, attempt);
    } catch (error) {
      if (this.#over) return false;
      // Begun anew: something has changed around us, or the tunnel has gone to another server meanwhile.
      if (attempt.signal.aborted) return true;
      if (!(error instanceof TunnelError)) throw error;
      return this.#recover(error, server, undefined);
    } finally {
      this.#endAttempt(attempt);
    }
    const openedAt = means.uptime();
    const last = await this.#lasting(live);
    if (this.#over) return false;
    const reason = last.gone.reason as TunnelError;
    this.#events.onLost(reason);
    return this.#recover(reason, last.server, means.uptime() - openedAt);
  }

  #beginAttempt(): AbortController {
    const controller = new AbortController();
    this.#attempt = { began: this.#keeping.means.uptime(), controller };
    return controller;
  }

  #endAttempt(controller: AbortController): void {
    if (this.#attempt?.controller === controller) this.#attempt = undefined;
  }

  /** Until `live`, and what takes its place, serves no more. Returns the last of them. */
  async #lasting(live: LiveSession): Promise<LiveSession> {
    for (let current = live; ; current = current.successor) {
      await aborted(current.gone);
      if (current.successor === undefined) return current;
    }
  }

  /**
   * What comes after a session with `server` that lasted for `age` milliseconds, or did not come about.
   * @returns whether the next attempt is due at once. @throws TunnelError when there can be none.
   */
  #recover(error: TunnelError, server: URL, age: number | undefined): boolean {
    const { reconnection, search, tunnelId } = this.#keeping;
    const { enabled, maxAttempts } = reconnection;
    const another = this.#credential.another(error);
    // Who lets every token in and throws it out again is not run against, and neither is the issuer.
    if (another && age === undefined) return true;
    const others = search.standing > 0;
    const isLimit = error.code === "PN_TUNNEL_LIMIT";
    if (others && (isLimit || !enabled)) {
      this.#surplus = enabled ? "now" : "always";
      return false;
    }
    // Who had the tunnel comes back to a server that is full now.
    const isFinal = !another && !error.retryable && !(isLimit && tunnelId !== "");
    // A session more is not what the tunnel fails by.
    if (isFinal && server === search.home && !(others && age === undefined)) throw error;
    const { retryAfter = 0 } = error;
    const left = isFinal && server !== search.home ? REFUSED : retryAfter;
    if (left > 0) search.avoid(server, left);
    this.#retries = nextRetry(this.#retries, age);
    if (others || !search.leads(this)) return false;
    const isPatient = age === undefined && left > 0 && left <= PATIENCE;
    if (!isPatient && (age === undefined || search.wait > 0) && search.next()) return true;
    if (age === undefined) search.retries = nextRetry(search.retries, age);
    if (!enabled || (maxAttempts > 0 && search.retries > maxAttempts)) throw error;
    return false;
  }

  /**
   * Opens a session that serves the tunnel.
   * @param attempt calls it off.
   * @param predecessor stands meanwhile: its state is what counts, and its place is taken.
   * @throws TunnelError.
   */
  async #open(server: URL, attempt: AbortController, predecessor?: LiveSession): Promise<LiveSession> {
    const { search } = this.#keeping;
    const live: LiveSession = new LiveSession(server, this.#keeping, this.#credential, this.#events, {
      onState: (state) => {
        if (predecessor === undefined) this.#setState(state);
      },
      onGone: () => this.#onGone(live),
      onClosed: () => this.#sessions.delete(live),
    });
    const bound = await live.open(attempt.signal);
    if (search.isElsewhere(server)) attempt.abort();
    if (attempt.signal.aborted) {
      live.session?.close();
      throw new TunnelError("PN_CLOSED");
    }
    this.#sessions.add(live);
    this.#live = live;
    const isNew = search.stands(this, server);
    if (predecessor !== undefined) {
      predecessor.successor = live;
      this.#replace(predecessor);
    }
    live.watchDataPlane(bound);
    this.#setState("connected");
    this.#events.onBound(bound, isNew);
    return live;
  }

  /** `live` serves no more, by our own wish: what it has begun may end. */
  #replace(live: LiveSession): void {
    live.end(new TunnelError("PN_DRAINING"));
    void live.session?.drain(DRAIN);
  }

  #onGone(live: LiveSession): void {
    if (this.#live !== live) return;
    this.#live = undefined;
    this.#keeping.search.lost(this);
  }

  /** Another looks for a server, or the others are enough: waits for what comes of it. The next attempt is due then. */
  async #standAside(): Promise<true> {
    const { search } = this.#keeping;
    this.#setState(this.#surplus === undefined ? "reconnecting" : "disconnected");
    const isOver = (news: SearchNews): boolean => news === "found" || (news === "free" && this.#surplus === undefined);
    for (let news: SearchNews | undefined; news === undefined || !isOver(news);) {
      news = await this.#wait<SearchNews>((done) => search.onNews(done));
      if (news === undefined) break;
    }
    this.#surplus = undefined;
    return true;
  }

  /** Waits before a retry. Returns whether the next attempt is due then; it is not when the tunnel has gone down meanwhile. */
  async #pause(): Promise<boolean> {
    const { means, reconnection, search } = this.#keeping;
    const attempt = search.standing > 0 ? this.#retries : search.retries;
    const hint = search.wait;
    const delay = Math.round(backoff(attempt, reconnection, means.clock.random(), hint));
    this.#setState("reconnecting");
    const text = `trying again in ${(delay / 1_000).toFixed(1)} s`;
    this.#events.report("reconnection", text, { attempt, delay_ms: delay });
    const end = await this.#wait<SearchNews | "due">((done) => {
      const due = (): void => done("due");
      // A server that has named a time means it.
      if (hint === 0) this.#hurry = due;
      const ignore = search.onNews(done);
      const cancel = means.clock.after(delay, due);
      return () => {
        this.#hurry = undefined;
        cancel();
        ignore();
      };
    });
    return end !== "down";
  }

  /** What `begin` calls its argument with; undefined when the tunnel is over. What `begin` returns is called in the end. */
  async #wait<T>(begin: (done: (value: T) => void) => () => void): Promise<T | undefined> {
    const { signal } = this.#keeping;
    const over = Promise.withResolvers<T | undefined>();
    const abandon = (): void => over.resolve(undefined);
    const end = begin(over.resolve);
    signal.addEventListener("abort", abandon, { once: true });
    if (signal.aborted) abandon();
    try {
      return await over.promise;
    } finally {
      signal.removeEventListener("abort", abandon);
      end();
    }
  }

  #setState(state: ConnectionState): void {
    if (this.state === state) return;
    this.state = following(this.state, state);
    this.#events.onState();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
