import type { Socket } from "node:net";
import { TunnelError, type Bound } from "@postern/protocol";
import type { Credential } from "../credential/credential.js";
import type { KeeperEvents, Keeping } from "./tunnel-context.js";
import type { KeptSession, Means } from "./dependencies.js";
import type { ConnectOptions } from "../options.js";
import { dialServer } from "../server-way/server-dial.js";

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

type LoggedIn = Awaited<ReturnType<Means["connect"]>>;

export interface LiveSessionEvents {
  onState(state: "connecting" | "authenticating"): void;
  /** It serves no more, and may still finish what it has begun. */
  onGone(): void;
  onClosed(): void;
}

/** One session of a tunnel, from the attempt to its end. */
export class LiveSession {
  readonly server: URL;
  /** What took its place while it stood. */
  successor: LiveSession | undefined;
  readonly #keeping: Keeping;
  readonly #credential: Credential;
  readonly #tunnel: KeeperEvents;
  readonly #events: LiveSessionEvents;
  readonly #gone = new AbortController();
  #unfollow = (): void => {};
  #session: KeptSession | undefined;
  #bound: Bound | undefined;

  constructor(server: URL, keeping: Keeping, credential: Credential, tunnel: KeeperEvents, events: LiveSessionEvents) {
    this.server = server;
    this.#keeping = keeping;
    this.#credential = credential;
    this.#tunnel = tunnel;
    this.#events = events;
  }

  /** Once it is open. */
  get session(): KeptSession | undefined {
    return this.#session;
  }

  /** What it was granted, once it is open. */
  get bound(): Bound | undefined {
    return this.#bound;
  }

  /** Aborts when it serves no more, with the TunnelError that says why. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** Logs in and takes the name. @param signal calls it off. @throws TunnelError; then nothing is left of it. */
  async open(signal: AbortSignal): Promise<Bound> {
    const { options, name, instance } = this.#keeping;
    const { session, lifetime } = await this.#login(signal);
    try {
      const wish = { subdomain: name, hostHeader: options.hostHeader, instance };
      const bound = await unlessAborted(session.bind(wish, timeoutOf(options)), signal);
      if (this.gone.aborted) throw this.gone.reason;
      if (!URL.canParse(bound.public_url)) throw new TunnelError("PN_PROTOCOL", "the tunnel's address is no URL");
      // A credential is good when it has led to a tunnel.
      this.#unfollow = this.#credential.follow(session, lifetime);
      this.#session = session;
      this.#bound = bound;
      return bound;
    } catch (error) {
      session.close();
      const { code, message } = error as TunnelError;
      if (!signal.aborted) this.#tunnel.report("error", message, { code });
      throw error;
    }
  }

  /** It serves no more. Can be called twice: the first reason counts. */
  end(reason: TunnelError): void {
    if (this.gone.aborted) return;
    this.#gone.abort(reason);
    this.#events.onGone();
  }

  /** Probes come as a visitor does: for the tunnel's name, and without a certificate of their own. */
  watchDataPlane({ public_url, tunnel_id: tunnelId }: Bound): void {
    const { options } = this.#keeping;
    const address = this.server;
    const proxy = this.#keeping.proxyTo(address);
    const { host, hostname } = new URL(public_url);
    const { cert: _cert, key: _key, ...trust } = options.tls ?? {};
    const tls = { ...trust, serverName: hostname };
    const dial = (signal: AbortSignal): Promise<Socket> => dialServer({ address, tls, proxy, signal });
    this.#session?.watchDataPlane({ dial, host, tunnelId }, options.healthInterval ?? HEALTH_INTERVAL);
  }

  async #login(signal: AbortSignal): Promise<LoggedIn> {
    const { options, target, limits, means, reconnection } = this.#keeping;
    const { host } = this.server;
    const tunnel = this.#tunnel;
    this.#events.onState("connecting");
    tunnel.report("connection_attempt", `connecting to ${host}`, { server: host });
    try {
      const auth = await unlessAborted(this.#credential.auth(), signal);
      const loggedIn = await means.connect(
        {
          address: this.server,
          auth,
          headers: options.headers ?? {},
          tls: options.tls ?? {},
          proxy: this.#keeping.proxyTo(this.server),
          timeout: timeoutOf(options),
          limits,
          signal,
          onConnected: () => {
            this.#events.onState("authenticating");
            tunnel.report("connection_success", `connected to ${host}`, { server: host });
          },
        },
        target,
        {
          onRequests: (message) => tunnel.onRequests(message),
          onDialFailure: (code, error) => tunnel.onDialFailure(code, error),
          onExpiring: (milliseconds) => this.#credential.expiring(milliseconds),
          onDataPlane: (_, error) => tunnel.onDataPlane(error),
          onPong: (latency) => tunnel.report("pong", `${host} answers`, { latency_ms: latency }),
          onTakenAway: (reason) => this.end(reason),
          onGoAway: (retryAfter) => {
            // Where no other session is to be made, this one is kept for what it still serves.
            if (reconnection.enabled) this.end(new TunnelError("PN_DRAINING", undefined, retryAfter));
          },
          onClose: (reason) => {
            this.#unfollow();
            this.end(reason);
            this.#events.onClosed();
          },
        },
      );
      tunnel.report("authentication_success", `logged in to ${host}`, { server: host });
      return loggedIn;
    } catch (error) {
      const { code, message, retryable } = error as TunnelError;
      const type = NOT_LET_IN.has(code) ? "authentication_failure" : "connection_failure";
      if (!signal.aborted) tunnel.report(type, message, { code, retryable, server: host });
      throw error;
    }
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
