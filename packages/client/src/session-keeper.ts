import type { Socket } from "node:net";
import { TunnelError, type Bound, type Limits, type Requests } from "@postern/protocol";
import { backoff } from "./backoff.js";
import { following } from "./connection-state.js";
import type { Credential } from "./credential.js";
import type { KeptSession, Means } from "./means.js";
import type { ConnectionState, ConnectOptions, ReconnectionOptions, TunnelEventType } from "./options.js";
import type { Proxy } from "./proxy-address.js";
import { dialServer } from "./server-dial.js";
import type { ServerSearch } from "./server-search.js";
import type { Change } from "./surroundings.js";
import type { Target } from "./target.js";
import { DRAIN } from "./tunnel-session.js";

/** A session that has lasted so long was a good one: after it, retries begin anew. In milliseconds. */
const STABLE = 30_000;
/** Milliseconds between two looks whether requests come through. */
export const HEALTH_INTERVAL = 60_000;

/** The server is there, and the credential is what is wrong. */
const NOT_LET_IN: ReadonlySet<string> = new Set([
  "PN_AUTH_REFUSED",
  "PN_AUTH_EXPIRED",
  "PN_REFRESH_REFUSED",
  "PN_CERTIFICATE_MISSING",
  "PN_CERTIFICATE_UNTRUSTED",
  "PN_CERTIFICATE_REVOKED",
  "PN_CERTIFICATE_EXPIRED",
]);

/** What all sessions of a tunnel have in common. */
export interface Keeping {
  readonly options: ConnectOptions;
  readonly target: Target;
  readonly proxy: Proxy | undefined;
  readonly limits: Partial<Limits>;
  readonly reconnection: ReconnectionOptions;
  readonly search: ServerSearch;
  readonly means: Means;
  /** Sessions with the same serve a name together. */
  readonly instance: string;
  /** Ends everything. */
  readonly signal: AbortSignal;
  /** The tunnel is being closed: nothing new begins. */
  readonly closing: boolean;
  /** The name to ask for: the wished one, or the one that was given. */
  readonly name: string | undefined;
}

/** What the tunnel hears of one of its sessions. */
export interface KeeperEvents {
  onState(): void;
  /** The tunnel stands on the session. */
  onBound(bound: Bound): void;
  /** The session is gone. */
  onLost(error: TunnelError): void;
  onRequests(message: Requests): void;
  onDialFailure(code: string, error: Error): void;
  /** Whether requests come through has changed; `error` says why not. */
  onDataPlane(error?: string): void;
  report(type: TunnelEventType, message: string, data: Record<string, unknown>): void;
}

/** A session with the tunnel on it. */
interface Live {
  session: KeptSession;
  /** Resolves with the hint when a new session is to be made, or with the session that took its place; rejects when it is lost. */
  ended: PromiseWithResolvers<number | Live>;
}

/** Keeps one session of a tunnel: while it runs there is one, or one is on its way. */
export class SessionKeeper {
  state: ConnectionState = "disconnected";
  readonly #keeping: Keeping;
  readonly #credential: Credential;
  readonly #events: KeeperEvents;
  /** The one that serves. */
  #live: Live | undefined;
  readonly #sessions = new Set<KeptSession>();
  #hurry: (() => void) | undefined;
  /** Attempts in a row: they make the pauses longer. */
  #attempt = 0;
  /** Those of them during which the tunnel did not stand: they have an end where one is wished. */
  #inVain = 0;
  /** The server's, when to come again; in milliseconds. */
  #hint = 0;
  /** The other sessions are enough. */
  #isNeedless = false;

  constructor(keeping: Keeping, credential: Credential, events: KeeperEvents) {
    this.#keeping = keeping;
    this.#credential = credential;
    this.#events = events;
  }

  get session(): KeptSession | undefined {
    return this.#live?.session;
  }

  /** The one that serves, and those that end beside it. */
  get sessions(): readonly KeptSession[] {
    return [...this.#sessions];
  }

  /** It is not going to run. */
  release(): void {
    this.#credential.release();
  }

  /** Something has happened around us: what waits tries at once, what stands is asked for a sign of life. */
  notice(change: Change): void {
    this.#hurry?.();
    if (this.#live !== undefined) this.#live.session.prove(change);
  }

  /**
   * Session after session, until the tunnel is closed, or the others are enough.
   * @throws TunnelError when it cannot go on.
   */
  async run(): Promise<void> {
    const { signal, search } = this.#keeping;
    const stop = (): void => {
      for (const session of this.#sessions) session.close();
    };
    signal.addEventListener("abort", stop, { once: true });
    try {
      for (let isDue = true; !this.#over;) {
        if (!search.leads(this)) isDue = await this.#standAside();
        else if (!isDue) isDue = await this.#pause();
        else isDue = await this.#keepOne(search.current);
      }
    } finally {
      search.gone(this);
      signal.removeEventListener("abort", stop);
    }
  }

  /** Goes to `server` without a gap: the new session stands before the old one ends. Where that fails nothing changes; returns whether it did. */
  async move(server: URL): Promise<boolean> {
    const live = this.#live;
    if (live === undefined) return false;
    try {
      const successor = await this.#open(server, true);
      live.ended.resolve(successor);
    } catch {
      return false;
    }
    void live.session.drain(DRAIN);
    return true;
  }

  /** Lets its session end in peace, and makes a new one. */
  leave(): void {
    if (this.#live === undefined) return;
    this.#live.ended.resolve(0);
    void this.#live.session.drain(DRAIN);
  }

  get #over(): boolean {
    return this.#keeping.signal.aborted || this.#keeping.closing || this.#isNeedless;
  }

  /** One session, from the attempt to its end. Returns whether the next attempt is due at once. @throws TunnelError when there can be none. */
  async #keepOne(server: URL): Promise<boolean> {
    const { means, search } = this.#keeping;
    let openedAt: number | undefined;
    try {
      const live = await this.#open(server);
      openedAt = means.uptime();
      // The others went elsewhere meanwhile.
      if (server !== search.current) this.leave();
      this.#hint = await this.#lasting(live);
      this.#attempt = 1;
      return false;
    } catch (error) {
      if (this.#over) return false;
      if (!(error instanceof TunnelError)) throw error;
      return this.#recover(error, server, openedAt === undefined ? undefined : means.uptime() - openedAt);
    } finally {
      this.#live = undefined;
      search.lost(this);
    }
  }

  /**
   * What comes after a session with `server` that lasted for `age` milliseconds, or did not come about.
   * @returns whether the next attempt is due at once. @throws TunnelError when there can be none.
   */
  #recover(error: TunnelError, server: URL, age: number | undefined): boolean {
    const { reconnection, search } = this.#keeping;
    const { enabled, maxAttempts } = reconnection;
    const another = this.#credential.another(error);
    // Who lets every token in and throws it out again is not run against, and neither is the issuer.
    if (another && age === undefined) return true;
    const others = search.standsWithout(this);
    if (others && (error.code === "PN_TUNNEL_LIMIT" || !enabled)) {
      this.#isNeedless = true;
      return false;
    }
    const isFinal = !another && !error.retryable;
    if (isFinal && !search.leaveOut(server)) throw error;
    if ((isFinal || age === undefined) && !others && search.next()) return true;
    const lasted = age !== undefined && age >= STABLE;
    this.#attempt = lasted ? 1 : this.#attempt + 1;
    this.#inVain = others ? 0 : lasted ? 1 : this.#inVain + 1;
    this.#hint = error.retryAfter ?? 0;
    if (!enabled || (maxAttempts > 0 && this.#inVain > maxAttempts)) throw error;
    return false;
  }

  /** Another looks for a server: waits for what comes of it. The next attempt is due then. */
  async #standAside(): Promise<true> {
    this.#setState("reconnecting");
    await this.#wait((done) => this.#keeping.search.onOutcome(done));
    return true;
  }

  /** Logs in and takes the name. @param beside while another session of this keeper stands: its state is what counts. */
  async #open(address: URL, beside = false): Promise<Live> {
    const { options, name, instance } = this.#keeping;
    const ended = Promise.withResolvers<number | Live>();
    // It may end before anybody waits for it.
    ended.promise.catch(() => {});
    const session = await this.#connect(address, ended, beside);
    const live: Live = { session, ended };
    try {
      const bound = await session.bind(
        { subdomain: name, hostHeader: options.hostHeader, instance },
        timeoutOf(options),
      );
      this.#live = live;
      this.#keeping.search.stands(this, address);
      this.#watchDataPlane(session, bound, address);
      this.#setState("connected");
      this.#events.onBound(bound);
      return live;
    } catch (error) {
      session.close();
      const { code, message } = error as TunnelError;
      this.#events.report("error", message, { code });
      throw error;
    }
  }

  async #connect(address: URL, ended: PromiseWithResolvers<number | Live>, beside: boolean): Promise<KeptSession> {
    const { options, target, proxy, limits, means, signal, reconnection } = this.#keeping;
    const { host } = address;
    const become = (state: ConnectionState): void => {
      if (!beside) this.#setState(state);
    };
    become("connecting");
    this.#events.report("connection_attempt", `connecting to ${host}`, { server: host });
    try {
      const auth = await unlessAborted(this.#credential.auth(), signal);
      let unfollow = (): void => {};
      const { session, lifetime } = await means.connect(
        {
          address,
          auth,
          headers: options.headers ?? {},
          tls: options.tls ?? {},
          proxy,
          timeout: timeoutOf(options),
          limits,
          signal,
          onConnected: () => {
            become("authenticating");
            this.#events.report("connection_success", `connected to ${host}`, { server: host });
          },
        },
        target,
        {
          onRequests: (message) => this.#events.onRequests(message),
          onDialFailure: (code, error) => this.#events.onDialFailure(code, error),
          onExpiring: (milliseconds) => this.#credential.expiring(milliseconds),
          onDataPlane: (_, error) => this.#events.onDataPlane(error),
          onPong: (latency) => this.#events.report("pong", `${host} answers`, { latency_ms: latency }),
          // Where no other session is to be made, this one is kept for what it still serves.
          onGoAway: (retryAfter) => reconnection.enabled && ended.resolve(retryAfter),
          onClose: (reason) => {
            unfollow();
            this.#sessions.delete(session);
            ended.reject(reason);
          },
        },
      );
      this.#sessions.add(session);
      unfollow = this.#credential.follow(session, lifetime);
      this.#events.report("authentication_success", `logged in to ${host}`, { server: host });
      return session;
    } catch (error) {
      const { code, message, retryable } = error as TunnelError;
      const type = NOT_LET_IN.has(code) ? "authentication_failure" : "connection_failure";
      this.#events.report(type, message, { code, retryable, server: host });
      throw error;
    }
  }

  /** Returns the hint when a new session is to be made. @throws TunnelError when the session is lost. */
  async #lasting(live: Live): Promise<number> {
    try {
      for (let current = live; ;) {
        const end = await current.ended.promise;
        if (typeof end === "number") return end;
        current = end;
      }
    } catch (error) {
      if (!this.#over) this.#events.onLost(error as TunnelError);
      throw error;
    }
  }

  /** Waits before a retry, or until it is worth a try. The next attempt is due then. */
  async #pause(): Promise<true> {
    const [attempt, hint] = [this.#attempt, this.#hint];
    const { means, reconnection, search } = this.#keeping;
    const delay = Math.round(backoff(attempt, reconnection, means.clock.random(), hint));
    this.#setState("reconnecting");
    const text = `trying again in ${(delay / 1_000).toFixed(1)} s`;
    this.#events.report("reconnection", text, { attempt, delay_ms: delay });
    await this.#wait((done) => {
      // A server that has named a time means it.
      if (hint === 0) this.#hurry = done;
      const ignore = hint === 0 ? search.onOutcome(done) : undefined;
      const cancel = means.clock.after(delay, done);
      return () => {
        cancel();
        ignore?.();
      };
    });
    this.#hurry = undefined;
    return true;
  }

  /** Until the tunnel is over, or what `begin` was given is called. What it returns is called in the end. */
  async #wait(begin: (done: () => void) => () => void): Promise<void> {
    const { signal } = this.#keeping;
    const over = Promise.withResolvers<void>();
    const end = begin(over.resolve);
    signal.addEventListener("abort", over.resolve as () => void, { once: true });
    await over.promise;
    signal.removeEventListener("abort", over.resolve as () => void);
    end();
  }

  /** Probes come as a visitor does: for the tunnel's name, and without a certificate of their own. */
  #watchDataPlane(session: KeptSession, { public_url, tunnel_id: tunnelId }: Bound, address: URL): void {
    const { options, proxy } = this.#keeping;
    const { host, hostname } = new URL(public_url);
    const { cert: _cert, key: _key, ...trust } = options.tls ?? {};
    const tls = { ...trust, serverName: hostname };
    const dial = (signal: AbortSignal): Promise<Socket> => dialServer({ address, tls, proxy, signal });
    session.watchDataPlane({ dial, host, tunnelId }, options.healthInterval ?? HEALTH_INTERVAL);
  }

  #setState(state: ConnectionState): void {
    if (this.state === state) return;
    this.state = following(this.state, state);
    this.#events.onState();
  }
}

function timeoutOf({ connectionTimeout = 30_000 }: ConnectOptions): number {
  return connectionTimeout;
}

/** What `promise` comes to; PN_CLOSED when `signal` aborts before. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abandon = (): void => reject(new TunnelError("PN_CLOSED"));
    if (signal.aborted) abandon();
    signal.addEventListener("abort", abandon, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abandon));
  });
}
