import { isLimitCode, TunnelError } from "@postern/protocol";
import { backoff } from "../backoff.js";
import { following } from "./connection-state.js";
import type { Credential } from "../credential/credential.js";
import type { KeeperEvents, Keeping } from "./tunnel-context.js";
import { LiveSession } from "./session-attempt.js";
import type { ConnectionState } from "../session/connection-state.js";
import { nextRetry, type SearchNews } from "./server-selection.js";
import type { Change } from "./network-monitor.js";
import { DRAIN } from "./tunnel-session.js";

/** A fallback that refuses us is left alone for so long, in milliseconds. */
const REFUSED = 600_000;
/** An attempt that has lasted so long, in milliseconds, is begun anew when something has changed around us. */
const OLD_ATTEMPT = 1_000;

/** What comes next: an attempt at once or after a pause, nothing while the others are enough, or nothing any more. */
type Next = "attempt" | "pause" | "surplus" | "end";

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

  constructor(keeping: Keeping, credential: Credential, events: KeeperEvents) {
    this.#keeping = keeping;
    this.#credential = credential;
    this.#events = events;
  }

  /** The one that serves. */
  get live(): LiveSession | undefined {
    return this.#live;
  }

  /** Whether there is a session, be it one that only finishes what it has begun. */
  get isOpen(): boolean {
    return this.#sessions.size > 0;
  }

  /** Begins nothing new, and lets what is in progress end. */
  async drain(timeout: number): Promise<void> {
    this.#attempt?.controller.abort();
    const sessions = [...this.#sessions].flatMap(({ session }) => session ?? []);
    await Promise.all(sessions.map((session) => session.drain(timeout)));
  }

  /** Nothing is left of it. Can be called twice. */
  close(): void {
    this.#attempt?.controller.abort();
    for (const { session } of this.#sessions) session?.close();
  }

  /** It does not run any more. */
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
   * Session after session, until the tunnel is over, or the others are enough.
   * @throws TunnelError when the tunnel cannot go on.
   */
  async run(): Promise<void> {
    const { search } = this.#keeping;
    try {
      for (let next: Next = "attempt"; next !== "end" && !this.#over;) {
        if (next === "surplus") next = await this.#rest();
        else if (!search.leads(this)) next = await this.#standAside();
        else if (next === "pause") next = await this.#pause();
        else next = await this.#keepOne(search.current);
      }
    } finally {
      search.gone(this);
    }
    this.#setState("disconnected");
  }

  /** Goes to `server` without a gap: the new session stands before the old one ends. Unless that is done, nothing has changed. */
  async move(server: URL): Promise<"done" | "failed" | "called off"> {
    const live = this.#live;
    if (live === undefined || this.#attempt !== undefined) return "failed";
    const attempt = this.#beginAttempt();
    // What does not stand any more has no place to be taken.
    const abandon = (): void => attempt.abort();
    live.gone.addEventListener("abort", abandon, { once: true });
    try {
      await this.#open(server, attempt, live);
      return "done";
    } catch (error) {
      if (!(error instanceof TunnelError)) throw error;
      return attempt.signal.aborted ? "called off" : "failed";
    } finally {
      live.gone.removeEventListener("abort", abandon);
      this.#endAttempt(attempt);
    }
  }

  /** Goes where the tunnel is, with a gap if need be: others serve. */
  async follow(): Promise<void> {
    const { search } = this.#keeping;
    const live = this.#live;
    if (this.#attempt !== undefined) return;
    const isApart = (): boolean => live !== undefined && this.#live === live && live.server !== search.current;
    let outcome = "called off";
    while (outcome === "called off" && isApart() && !this.#over) outcome = await this.move(search.current);
    if (outcome === "failed" && isApart() && search.standing > 1) this.#replace(live as LiveSession);
  }

  get #over(): boolean {
    return this.#keeping.signal.aborted || this.#keeping.closing;
  }

  /** One session, from the attempt to its end. @throws TunnelError when the tunnel cannot go on. */
  async #keepOne(server: URL): Promise<Next> {
    const { means } = this.#keeping;
    const attempt = this.#beginAttempt();
    let live: LiveSession;
    try {
      live = await this.#open(server, attempt);
    } catch (error) {
      // Begun anew: something has changed around us, or the tunnel has gone to another server meanwhile.
      if (this.#over || attempt.signal.aborted) return "attempt";
      if (!(error instanceof TunnelError)) throw error;
      return this.#recover(error, server, undefined);
    } finally {
      this.#endAttempt(attempt);
    }
    const openedAt = means.uptime();
    const last = await this.#lasting(live);
    const reason = last.gone.reason as TunnelError;
    // By our own wish.
    if (this.#over || reason.code === "PN_CLOSED") return "attempt";
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
   * @throws TunnelError when the tunnel cannot go on.
   */
  #recover(error: TunnelError, server: URL, age: number | undefined): Next {
    const { reconnection, search, tunnelId } = this.#keeping;
    const { enabled, maxAttempts } = reconnection;
    const another = this.#credential.another(error);
    // Who lets every token in and throws it out again is not run against, and neither is the issuer.
    if (another && age === undefined) return "attempt";
    const others = search.standing > 0;
    const isLimit = isLimitCode(error.code);
    if (others && !enabled) return "end";
    if (others && isLimit) return "surplus";
    // Who had the tunnel comes back to a server that is full now.
    const isFinal = !another && !error.retryable && !(isLimit && tunnelId !== "");
    // A session more is not what the tunnel fails by, and neither is what a fallback says.
    if (isFinal && server === search.home && !(others && age === undefined)) throw error;
    if (!enabled && age !== undefined) throw error;
    const { retryAfter = 0 } = error;
    if (isFinal && server !== search.home) search.avoid(server, REFUSED);
    else if (retryAfter > 0) search.avoid(server, retryAfter);
    this.#retries = nextRetry(this.#retries, age);
    if (others || !search.leads(this)) return "pause";
    const isWaitedFor = age === undefined && search.isWorthWaiting(search.wait);
    if (!isWaitedFor && (age === undefined || search.wait > 0) && search.next()) return "attempt";
    if (age === undefined) search.retries = nextRetry(search.retries, age);
    if (!enabled || (maxAttempts > 0 && search.retries > maxAttempts)) throw error;
    return "pause";
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
    live.end(new TunnelError("PN_CLOSED"));
    void live.session?.drain(DRAIN);
  }

  #onGone(live: LiveSession): void {
    if (this.#live !== live) return;
    this.#live = undefined;
    this.#keeping.search.lost(this);
  }

  /** Another looks for a server: waits for what comes of it. */
  async #standAside(): Promise<Next> {
    if (this.state !== "disconnected") this.#setState("reconnecting");
    await this.#news("found", "free");
    return "attempt";
  }

  /** The others are enough, until a server is found that may take more. */
  async #rest(): Promise<Next> {
    this.#setState("disconnected");
    await this.#news("found");
    return "attempt";
  }

  /** Waits for one of these, or until the tunnel is over. */
  async #news(...awaited: SearchNews[]): Promise<void> {
    const { search } = this.#keeping;
    while (!this.#keeping.signal.aborted) {
      const news = await this.#wait<SearchNews>((done) => search.onNews(done));
      if (news !== undefined && awaited.includes(news)) return;
    }
  }

  /** Waits before a retry. When the tunnel has gone down meanwhile, another pause is due. */
  async #pause(): Promise<Next> {
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
    return end === "down" ? "pause" : "attempt";
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
