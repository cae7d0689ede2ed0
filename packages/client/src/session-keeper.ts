import type { Socket } from "node:net";
import { TunnelError, type Bound, type Limits, type Requests } from "@postern/protocol";
import { backoff } from "./backoff.js";
import { following } from "./connection-state.js";
import type { Credential } from "./credential.js";
import { HomeWatch } from "./home-watch.js";
import type { KeptSession, Means } from "./means.js";
import type { ConnectionState, ConnectOptions, ReconnectionOptions, TunnelEventType } from "./options.js";
import type { Proxy } from "./proxy-address.js";
import { reachServer } from "./reach.js";
import { dialServer } from "./server-dial.js";
import type { ServerOrder } from "./server-order.js";
import type { Change } from "./surroundings.js";
import type { Target } from "./target.js";
import { DRAIN } from "./tunnel-session.js";

/** A session that has lasted so long was a good one: after it, retries begin anew. In milliseconds. */
const STABLE = 30_000;
/** Milliseconds between two looks whether requests come through. */
const HEALTH_INTERVAL = 60_000;

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
  /** Resolves with the server's hint when it asks for a new session, or with the session that took its place; rejects when it is lost. */
  ended: PromiseWithResolvers<number | Live>;
}

/** Keeps one session of a tunnel: while it runs there is one, or one is on its way. */
export class SessionKeeper {
  state: ConnectionState = "disconnected";
  readonly #keeping: Keeping;
  readonly #servers: ServerOrder;
  readonly #credential: Credential;
  readonly #events: KeeperEvents;
  /** The one that serves. */
  #live: Live | undefined;
  readonly #sessions = new Set<KeptSession>();
  #hurry: (() => void) | undefined;

  constructor(keeping: Keeping, servers: ServerOrder, credential: Credential, events: KeeperEvents) {
    this.#keeping = keeping;
    this.#servers = servers;
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

  /** Session after session, until the tunnel is closed. @throws TunnelError when it cannot go on. */
  async run(): Promise<void> {
    const { signal, reconnection, means } = this.#keeping;
    const stop = (): void => {
      for (const session of this.#sessions) session.close();
    };
    signal.addEventListener("abort", stop, { once: true });
    let attempt = 0;
    let hint = 0;
    let isDue = true;
    try {
      while (!this.#over) {
        if (!isDue && !(await this.#pause(attempt, hint))) return;
        isDue = true;
        let openedAt: number | undefined;
        try {
          const live = await this.#open(this.#servers.current);
          openedAt = means.uptime();
          hint = await this.#lasting(live);
          attempt = 1;
          isDue = false;
        } catch (thrown) {
          if (this.#over) return;
          const error = thrown as TunnelError;
          if (!(error instanceof TunnelError)) throw thrown;
          const another = this.#credential.another(error);
          // Who lets every token in and throws it out again is not run against, and neither is the issuer.
          if (another && openedAt === undefined) continue;
          if (!another && !error.retryable) throw error;
          if (openedAt === undefined && this.#servers.next()) continue;
          attempt = openedAt !== undefined && means.uptime() - openedAt >= STABLE ? 1 : attempt + 1;
          hint = error.retryAfter ?? 0;
          isDue = false;
          const { enabled, maxAttempts } = reconnection;
          if (!enabled || (maxAttempts > 0 && attempt > maxAttempts)) throw error;
        } finally {
          this.#live = undefined;
        }
      }
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  get #over(): boolean {
    return this.#keeping.signal.aborted || this.#keeping.closing;
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
    const { options, target, proxy, limits, means, signal } = this.#keeping;
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
          onGoAway: (retryAfter) => ended.resolve(retryAfter),
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

  /** Returns the server's hint when it asks for a new session. @throws TunnelError when the session is lost. */
  async #lasting(live: Live): Promise<number> {
    let current = live;
    let watch = this.#watchHome(current);
    try {
      for (;;) {
        const end = await current.ended.promise;
        if (typeof end === "number") return end;
        current = end;
        watch?.stop();
        watch = this.#watchHome(current);
      }
    } catch (error) {
      if (!this.#over) this.#events.onLost(error as TunnelError);
      throw error;
    } finally {
      watch?.stop();
    }
  }

  /** Where it is at another server than the first: goes back when that is there again. The new session stands before the old one ends. */
  #watchHome(live: Live): HomeWatch | undefined {
    if (this.#servers.isHome) return undefined;
    const { means, options } = this.#keeping;
    const { home } = this.#servers;
    const { proxy, tls } = options;
    return new HomeWatch({
      clock: means.clock,
      interval: options.healthInterval ?? HEALTH_INTERVAL,
      isBack: async () => {
        const reach = { server: home.href, ...(tls && { tls }), ...(proxy !== undefined && { proxy }) };
        return (await reachServer({ ...reach, connectionTimeout: 10_000 })).status < 500;
      },
      move: async () => {
        try {
          const successor = await this.#open(home, true);
          this.#servers.goHome();
          live.ended.resolve(successor);
          void live.session.drain(DRAIN);
          return true;
        } catch {
          return false;
        }
      },
    });
  }

  /** Waits before a retry, or until it is worth a try. Returns false when the tunnel was closed meanwhile. */
  async #pause(attempt: number, hint: number): Promise<boolean> {
    const { means, reconnection, signal } = this.#keeping;
    const delay = Math.round(backoff(attempt, reconnection, means.clock.random(), hint));
    this.#setState("reconnecting");
    const text = `trying again in ${(delay / 1_000).toFixed(1)} s`;
    this.#events.report("reconnection", text, { attempt, delay_ms: delay });
    const over = Promise.withResolvers<void>();
    const done = (): void => over.resolve();
    const cancel = means.clock.after(delay, done);
    signal.addEventListener("abort", done, { once: true });
    // A server that has named a time means it.
    if (hint === 0) this.#hurry = done;
    await over.promise;
    cancel();
    signal.removeEventListener("abort", done);
    this.#hurry = undefined;
    return !this.#over;
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
