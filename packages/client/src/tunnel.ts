import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { DEFAULT_LIMITS, TunnelError, type Limits, type Requests } from "@postern/protocol";
import { backoff, DEFAULT_RECONNECTION } from "./backoff.js";
import { credentialOf, type Credential } from "./credential.js";
import { login } from "./login.js";
import type { ConnectionState, ConnectOptions, ReconnectionOptions, TunnelEventType, TunnelHandle } from "./options.js";
import { parseProxy, type Proxy } from "./proxy-address.js";
import { parseServerAddress } from "./server-address.js";
import { dialServer } from "./server-dial.js";
import { parseTarget, type Target } from "./target.js";
import type { DataPlaneState } from "./data-plane.js";
import { DRAIN, TunnelSession } from "./tunnel-session.js";

/** Who tries several addresses gets several errors, and no message for all. */
function reason(error: Error): string {
  const first = error instanceof AggregateError ? (error.errors[0] as Error) : error;
  return first.message;
}

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

/** At most one event about an unreachable local service in this many milliseconds. */
const DIAL_FAILURE_PAUSE = 1_000;
/** Milliseconds between two looks whether requests come through. */
const HEALTH_INTERVAL = 60_000;

/**
 * A published service that is kept published: while it is open there is a session, or one is on its way.
 *
 *     connecting → authenticating → connected ──drop──► reconnecting → connecting …
 *     any ── close() ──► draining → disconnected         any ── an error not worth a retry ──► failed
 */
export class Tunnel extends EventEmitter implements TunnelHandle {
  url = "";
  tunnelId = "";
  state: ConnectionState = "disconnected";

  readonly #options: ConnectOptions;
  readonly #address: URL;
  readonly #target: Target;
  readonly #proxy: Proxy | undefined;
  readonly #reconnection: ReconnectionOptions;
  readonly #name: string;
  readonly #credential: Credential;
  readonly #stop = new AbortController();
  #subdomain: string | undefined;
  #session: TunnelSession | undefined;
  #closing: Promise<void> | undefined;
  #lastDialFailure = -Infinity;

  /** @throws TypeError when `server`, `local` or `proxy` cannot be understood, or there is not one credential. */
  constructor(options: ConnectOptions) {
    super();
    this.#options = options;
    this.#address = parseServerAddress(options.server);
    this.#target = parseTarget(options.local);
    this.#proxy = options.proxy === undefined ? undefined : parseProxy(options.proxy);
    this.#reconnection = { ...DEFAULT_RECONNECTION, ...options.reconnection };
    this.#subdomain = options.subdomain;
    this.#name = options.name ?? options.subdomain ?? "default";
    this.#credential = credentialOf(options, (message, data) => this.#report("token_refresh", message, data));
    if (options.onEvent !== undefined) this.on("event", options.onEvent);
    options.signal?.addEventListener("abort", () => void this.close(), { once: true });
  }

  get dataPlane(): DataPlaneState {
    return this.#session?.dataPlane ?? "unknown";
  }

  /** Resolves when the tunnel is open for the first time; goes on keeping it open. @throws TunnelError when it fails for good. */
  open(): Promise<void> {
    if (this.#options.signal?.aborted === true) {
      this.#credential.release();
      return Promise.reject(new TunnelError("PN_CLOSED"));
    }
    return new Promise((resolve, reject) => {
      this.#keepOpen(resolve)
        .finally(() => this.#credential.release())
        .then(
          () => {
            this.#setState("disconnected");
            reject(new TunnelError("PN_CLOSED"));
            this.emit("closed");
          },
          (error: TunnelError) => {
            this.#setState("failed");
            reject(error);
            this.emit("closed", error);
          },
        );
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { state } = this;
    if (state === "failed" || state === "disconnected") return this.#stop.abort();
    const closed = new Promise((resolve) => this.once("closed", resolve));
    this.#setState("draining");
    await this.#session?.drain(DRAIN);
    this.#stop.abort();
    await closed;
  }

  /** Session after session, until it is closed or cannot go on. */
  async #keepOpen(opened: () => void): Promise<void> {
    const { signal } = this.#stop;
    let attempt = 0;
    let hint = 0;
    while (!signal.aborted && this.#closing === undefined) {
      if (attempt > 0 && !(await this.#pause(attempt, hint))) return;
      try {
        hint = await this.#oneSession(() => {
          attempt = 0;
          opened();
        });
        attempt = 1;
      } catch (error) {
        if (signal.aborted || this.#closing !== undefined) return;
        if (!(error instanceof TunnelError)) throw error;
        if (this.#credential.another(error)) continue;
        if (!error.retryable) throw error;
        attempt++;
        hint = error.retryAfter ?? 0;
        const { enabled, maxAttempts } = this.#reconnection;
        if (!enabled || (maxAttempts > 0 && attempt > maxAttempts)) throw error;
      }
    }
  }

  /** Logs in, binds, and lasts until the session drops (throws) or the server asks for a new one (returns its hint). */
  async #oneSession(opened: () => void): Promise<number> {
    const ended = Promise.withResolvers<number>();
    // It may end before anybody waits for it.
    ended.promise.catch(() => {});
    const session = await this.#connect(ended);
    try {
      const bound = await session.bind(this.#subdomain, this.#options.hostHeader);
      this.url = bound.public_url;
      this.tunnelId = bound.tunnel_id;
      this.#subdomain = bound.name;
    } catch (error) {
      session.close();
      this.#report("error", (error as Error).message, { code: (error as TunnelError).code });
      throw error;
    }
    this.#session = session;
    this.#watchDataPlane(session);
    this.#setState("connected");
    this.#report("tunnel_established", `${this.url} → ${this.#options.local}`, {
      public_url: this.url,
      tunnel_id: this.tunnelId,
      local: String(this.#options.local),
    });
    opened();
    try {
      return await ended.promise;
    } catch (error) {
      this.#report("tunnel_closed", (error as Error).message, {
        code: (error as TunnelError).code,
        public_url: this.url,
      });
      throw error;
    }
  }

  async #connect(ended: PromiseWithResolvers<number>): Promise<TunnelSession> {
    const { host } = this.#address;
    this.#setState("connecting");
    this.#report("connection_attempt", `connecting to ${host}`, { server: host });
    try {
      const auth = await this.#unlessClosed(this.#credential.auth());
      const { session, welcome } = await login({
        address: this.#address,
        auth,
        headers: this.#options.headers ?? {},
        tls: this.#options.tls ?? {},
        proxy: this.#proxy,
        timeout: this.#options.connectionTimeout ?? 30_000,
        limits: this.#limits(),
        signal: this.#stop.signal,
        onConnected: () => {
          this.#setState("authenticating");
          this.#report("connection_success", `connected to ${host}`, { server: host });
        },
      });
      let unfollow = (): void => {};
      const tunnelSession = new TunnelSession(session, this.#target, {
        onRequests: (message) => this.#onRequests(message),
        onDialFailure: (code, error) => this.#onDialFailure(code, error),
        onExpiring: (milliseconds) => this.#credential.expiring(milliseconds),
        onDataPlane: (state, error) => this.#onDataPlane(state, error),
        onGoAway: (retryAfter) => ended.resolve(retryAfter),
        onClose: (reason) => {
          unfollow();
          ended.reject(reason);
        },
      });
      unfollow = this.#credential.follow(tunnelSession, welcome.expires_in_ms);
      this.#report("authentication_success", `logged in to ${host}`, { server: host });
      return tunnelSession;
    } catch (error) {
      const { code, message, retryable } = error as TunnelError;
      const type = NOT_LET_IN.has(code) ? "authentication_failure" : "connection_failure";
      this.#report(type, message, { code, retryable, server: host });
      throw error;
    }
  }

  /** What `promise` comes to; PN_CLOSED when the tunnel is closed before. */
  #unlessClosed<T>(promise: Promise<T>): Promise<T> {
    const { signal } = this.#stop;
    return new Promise((resolve, reject) => {
      const abandon = (): void => reject(new TunnelError("PN_CLOSED"));
      if (signal.aborted) abandon();
      signal.addEventListener("abort", abandon, { once: true });
      promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abandon));
    });
  }

  #limits(): Partial<Limits> {
    const { keepaliveInterval, maxConnections } = this.#options;
    return {
      heartbeat: Math.min(keepaliveInterval ?? Infinity, DEFAULT_LIMITS.heartbeat),
      streams: maxConnections ?? DEFAULT_LIMITS.streams,
    };
  }

  /** Waits before a retry. Returns false when the tunnel was closed meanwhile. */
  async #pause(attempt: number, hint: number): Promise<boolean> {
    const delay = Math.round(backoff(attempt, this.#reconnection, Math.random(), hint));
    this.#setState("reconnecting");
    this.#report("reconnection", `trying again in ${(delay / 1000).toFixed(1)} s`, { attempt, delay_ms: delay });
    const { signal } = this.#stop;
    return new Promise((resolve) => {
      const stop = (): void => {
        clearTimeout(timer);
        resolve(false);
      };
      const timer = setTimeout(() => {
        signal.removeEventListener("abort", stop);
        resolve(true);
      }, delay);
      signal.addEventListener("abort", stop, { once: true });
    });
  }

  #onRequests({ records, omitted }: Requests): void {
    for (const record of records) {
      this.#report("http_request", `${record.method} ${record.path} ${record.status}`, { ...record });
    }
    if (omitted > 0) this.#report("http_request", `${omitted} more requests`, { omitted });
  }

  /** Probes come as a visitor does: for the tunnel's name, and without a certificate of their own. */
  #watchDataPlane(session: TunnelSession): void {
    const { host, hostname } = new URL(this.url);
    const { cert: _cert, key: _key, ...trust } = this.#options.tls ?? {};
    const tls = { ...trust, serverName: hostname };
    const dial = (signal: AbortSignal): Promise<Socket> =>
      dialServer({ address: this.#address, tls, proxy: this.#proxy, signal });
    const { healthInterval = HEALTH_INTERVAL } = this.#options;
    session.watchDataPlane({ dial, host, tunnelId: this.tunnelId }, healthInterval);
  }

  #onDataPlane(state: DataPlaneState, error: string | undefined): void {
    const message = error ?? `requests through ${this.url}: ${state}`;
    this.#report("status_update", message, { data_plane: state, ...(error !== undefined && { error }) });
  }

  #onDialFailure(code: string, error: Error): void {
    const now = performance.now();
    if (now - this.#lastDialFailure < DIAL_FAILURE_PAUSE) return;
    this.#lastDialFailure = now;
    const { host, port } = this.#target;
    this.#report("error", `the local service at ${host}:${port} cannot be reached: ${reason(error)}`, { code });
  }

  #setState(state: ConnectionState): void {
    if (this.state === state || (this.state === "draining" && state !== "disconnected" && state !== "failed")) return;
    this.state = state;
    this.emit("state", state);
  }

  #report(type: TunnelEventType, message: string, data: Record<string, unknown>): void {
    this.emit("event", { time: new Date().toISOString(), type, endpoint: this.#name, message, data });
  }
}
