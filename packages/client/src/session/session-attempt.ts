import type { Socket } from "node:net";
import { TunnelError, type Auth, type Bound } from "@postern/protocol";
import type { Credential } from "../credential/credential.js";
import { explainRefusal } from "../credential/refusal.js";
import type { ConnectOptions } from "../options.js";
import { dialServer } from "../server-connection/server-dial.js";
import type { Dependencies, OpenSession } from "./dependencies.js";
import { checkGroupSupport } from "./group-support.js";
import { checkPoliciesGranted, checkPolicySupport } from "./policy-support.js";
import { checkGrant } from "./grant.js";
import type { TunnelContext } from "./tunnel-context.js";
import type { TunnelEvents } from "../tunnel-events.js";
import { DRAIN, type SessionOwner } from "./tunnel-session.js";

/** Milliseconds between two probes of the tunnel. */
export const HEALTH_INTERVAL = 60_000;

/** Errors of the credential. All other errors of a login are reported as connection failures. */
const CREDENTIAL_ERRORS: ReadonlySet<string> = new Set([
  "PN_AUTH_REFUSED",
  "PN_AUTH_EXPIRED",
  "PN_REFRESH_REFUSED",
  "PN_CERTIFICATE_MISSING",
  "PN_CERTIFICATE_UNTRUSTED",
  "PN_CERTIFICATE_REVOKED",
  "PN_CERTIFICATE_EXPIRED",
]);

type LoggedIn = Awaited<ReturnType<Dependencies["connect"]>>;

/** One session of a tunnel, from the attempt to connect until it is closed. */
export class SessionAttempt implements SessionOwner {
  readonly server: URL;
  readonly #context: TunnelContext;
  readonly #credential: Credential;
  readonly #events: TunnelEvents;
  readonly #onProgress: (state: "connecting" | "authenticating") => void;
  readonly #retired = new AbortController();
  readonly #closed = new AbortController();
  /** The session that replaced this one while it was connected. */
  #successor: SessionAttempt | undefined;
  #unfollow = (): void => {};
  #method: Auth["method"] | undefined;
  #session: OpenSession | undefined;
  #bound: Bound | undefined;

  constructor(
    server: URL,
    context: TunnelContext,
    credential: Credential,
    events: TunnelEvents,
    onProgress: (state: "connecting" | "authenticating") => void,
  ) {
    this.server = server;
    this.#context = context;
    this.#credential = credential;
    this.#events = events;
    this.#onProgress = onProgress;
  }

  /** Undefined until the session is open. */
  get session(): OpenSession | undefined {
    return this.#session;
  }

  /** The server's grant; undefined until the session is open. */
  get bound(): Bound | undefined {
    return this.#bound;
  }

  /** Aborts with a TunnelError when the session accepts no new streams. Open streams may still finish. */
  get retired(): AbortSignal {
    return this.#retired.signal;
  }

  /** Aborts when the session is closed. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /**
   * Logs in and requests the name. @param signal aborts the attempt. @throws TunnelError; the session is closed then.
   */
  async open(signal: AbortSignal): Promise<Bound> {
    const { options, name, instance } = this.#context;
    const { session, lifetime, features } = await this.#login(signal);
    try {
      const { hostHeader, offlineStatus, join = false, weight, strategy, access: policies } = options;
      checkGroupSupport(options, features);
      checkPolicySupport(policies, features);
      const request = { subdomain: name, hostHeader, instance, offlineStatus, join, weight, strategy, policies };
      const bound = await unlessAborted(session.bind(request, timeoutOf(options)), signal);
      if (this.retired.aborted) throw this.retired.reason;
      checkGrant(bound);
      checkPoliciesGranted(policies, bound);
      // A credential counts as accepted only when it has led to a tunnel.
      this.#unfollow = this.#credential.follow(session, lifetime);
      this.#session = session;
      this.#bound = bound;
      return bound;
    } catch (error) {
      session.close();
      const explained = this.#explained(error as TunnelError);
      if (!signal.aborted) this.#events.report("error", explained.message, { code: explained.code });
      throw explained;
    }
  }

  /** Accepts no new streams. Can be called twice: the first reason applies. */
  retire(reason: TunnelError): void {
    if (!this.retired.aborted) this.#retired.abort(this.#explained(reason));
  }

  /**
   * Retires the session by the client's own decision. Open streams may finish.
   * @param successor the session that replaces it.
   */
  drain(successor?: SessionAttempt): void {
    this.#successor = successor;
    this.retire(new TunnelError("PN_CLOSED"));
    void this.#session?.drain(DRAIN);
  }

  /** Waits until this session, and every session that replaced it, is retired. Returns the last one. */
  async lastRetired(): Promise<SessionAttempt> {
    await new Promise<void>((resolve) => {
      if (this.retired.aborted) resolve();
      else this.retired.addEventListener("abort", () => resolve(), { once: true });
    });
    return this.#successor?.lastRetired() ?? this;
  }

  /** Sends probes in the same way as a visitor: to the tunnel's name, and without the client's certificate. */
  watchDataPlane({ public_url, tunnel_id: tunnelId }: Bound): void {
    const { options, proxies } = this.#context;
    const address = this.server;
    const proxy = proxies.get(address);
    const { host, hostname } = new URL(public_url);
    const { cert: _cert, key: _key, ...trust } = options.tls ?? {};
    const tls = { ...trust, serverName: hostname };
    const dial = (signal: AbortSignal): Promise<Socket> => dialServer({ address, tls, proxy, signal });
    this.#session?.watchDataPlane({ dial, host, tunnelId }, options.healthInterval ?? HEALTH_INTERVAL);
  }

  onExpiring(milliseconds: number): void {
    this.#credential.expiring(milliseconds);
  }

  onPong(latency: number): void {
    this.#events.report("pong", `heartbeat answered by ${this.server.host}`, { latency_ms: latency });
  }

  onUnbound(reason: TunnelError): void {
    this.retire(reason);
  }

  onGoAway(retryAfter: number): void {
    // Without reconnection there is no next session, so this one serves until it is closed.
    if (this.#context.reconnection.enabled) this.retire(new TunnelError("PN_DRAINING", undefined, retryAfter));
  }

  onClose(reason: TunnelError): void {
    this.#unfollow();
    this.retire(reason);
    this.#closed.abort();
  }

  async #login(signal: AbortSignal): Promise<LoggedIn> {
    const { dependencies, limits, local, options, proxies } = this.#context;
    const { host } = this.server;
    const events = this.#events;
    this.#onProgress("connecting");
    events.report("connection_attempt", `connecting to ${host}`, { server: host });
    try {
      const auth = await unlessAborted(this.#credential.auth(), signal);
      this.#method = auth.method;
      const request = {
        address: this.server,
        auth,
        headers: options.headers ?? {},
        tls: options.tls ?? {},
        proxy: proxies.get(this.server),
        timeout: timeoutOf(options),
        limits,
        signal,
        onConnected: () => {
          this.#onProgress("authenticating");
          events.report("connection_success", `connected to ${host}`, { server: host });
        },
      };
      const loggedIn = await dependencies.connect(request, local, this, events);
      events.report("authentication_success", `logged in to ${host}`, { server: host });
      return loggedIn;
    } catch (error) {
      const explained = this.#explained(error as TunnelError);
      const { code, message, retryable } = explained;
      const type = CREDENTIAL_ERRORS.has(code) ? "authentication_failure" : "connection_failure";
      if (!signal.aborted) events.report(type, message, { code, retryable, server: host });
      throw explained;
    }
  }

  #explained(error: TunnelError): TunnelError {
    return this.#method === undefined ? error : explainRefusal(error, this.#method);
  }
}

function timeoutOf({ connectionTimeout = 30_000 }: ConnectOptions): number {
  return connectionTimeout;
}

/** The result of `promise`. @throws TunnelError PN_CLOSED when `signal` aborts first. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abandon = (): void => reject(new TunnelError("PN_CLOSED"));
    if (signal.aborted) abandon();
    signal.addEventListener("abort", abandon, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abandon));
  });
}
