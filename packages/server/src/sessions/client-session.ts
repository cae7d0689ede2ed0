import { randomUUID } from "node:crypto";
import type { PeerCertificate } from "@postern/net";
import {
  FEATURES,
  PROTOCOL_VERSION,
  Session,
  TunnelError,
  type Bind,
  type Check,
  type ControlMessage,
  type ErrorCode,
  type Hello,
  type Refresh,
  type SessionHandler,
  type Stream,
  type Transport,
  type TurnBudget,
} from "@postern/protocol";
import { SERVER_LIMITS } from "../limits.js";
import { ownerRetry, type OwnedSession, type Owners } from "./owners.js";
import type { Principal } from "../login/principal.js";
import { SessionCredential } from "../login/session-credential.js";
import type { BindRefusal } from "./bind-grant.js";
import { controlError, type ErrorAbout } from "./control-error.js";
import type { SessionDependencies } from "./session-dependencies.js";
import { RepeatedLines } from "./repeated-lines.js";
import { SessionTunnels, type SessionLogs } from "./session-tunnels.js";

/** The optional parts of the protocol that this server offers. */
const OFFERED: ReadonlySet<string> = new Set(Object.values(FEATURES));

/** The origin of a session. */
export interface ClientConnection {
  readonly transport: Transport;
  /** The client's IP address. */
  readonly address: string;
  /** The certificate that the client presented in the TLS handshake. */
  readonly peer: PeerCertificate | undefined;
}

export interface ClientSessionEvents {
  /** The client is logged in. */
  onLogin(): void;
  onClose(reason: TunnelError): void;
}

/** The server's side of a client session: login, control messages, and the end. */
export class ClientSession implements SessionHandler, OwnedSession {
  readonly id = randomUUID();
  readonly #session: Session;
  readonly #transport: Transport;
  readonly #events: ClientSessionEvents;
  readonly #credential: SessionCredential;
  readonly #tunnels: SessionTunnels;
  readonly #owners: Owners;
  #logs: SessionLogs;
  /** The owner to whom the session counts; undefined before login. */
  #owner: string | undefined;
  /** The user of `hello`, unverified. */
  #user: string | undefined;
  /** The optional protocol features that both sides support. */
  #features: readonly string[] = [];
  /** The client announced its end, so it is not expected to reconnect. */
  #isLeaving = false;
  /** The refusal has been logged, with its reason. */
  #isLoginRefused = false;

  constructor(
    { transport, address, peer }: ClientConnection,
    dependencies: SessionDependencies,
    events: ClientSessionEvents,
  ) {
    this.#transport = transport;
    this.#events = events;
    const { log, requestLog, authenticator, owners } = dependencies;
    this.#owners = owners;
    const about = { session: this.id, address };
    const now = (): number => performance.now();
    const repeated = new RepeatedLines(() => this.#logs.log, now());
    // In lines about requests, an address would be mistaken for the visitor's.
    this.#logs = { log: log.child(about), requestLog: requestLog.child({ session: this.id }), repeated };
    const schedule = (task: () => void): void => void setImmediate(task);
    this.#session = new Session(
      { role: "server", transport, now, schedule, limits: { streams: dependencies.streamsPerSession } },
      this,
    );
    this.#tunnels = new SessionTunnels(this.#session, dependencies, () => this.#logs);
    this.#credential = new SessionCredential((auth) => authenticator.authenticate(auth, peer), {
      onExpiring: (expires_in_ms) => this.#session.control({ type: "expiring", expires_in_ms }),
      onEnd: ({ code, message }) => {
        this.#logs.log.warn({ code, reason: message }, "session ended: its credential is no longer accepted");
        this.refuse(code);
      },
      onFault: (err) => this.#logs.log.error({ err }, "a credential could not be checked: internal error"),
    });
  }

  get isLoggedIn(): boolean {
    return this.#owner !== undefined;
  }

  /** Streams open now. */
  get streams(): number {
    return this.#session.streams;
  }

  get held(): number {
    return this.#session.held;
  }

  set budget(budget: TurnBudget) {
    this.#session.budget = budget;
  }

  /** Checks heartbeat, credential and idle streams. Call it about once a second. */
  tick(now: number): void {
    this.#session.tick();
    this.#credential.check();
    this.#unbindForbidden();
    this.#tunnels.tick(now);
    this.#logs.repeated.tick(now);
  }

  /** Ends the session with an error. @param retryAfter milliseconds. */
  refuse(code: ErrorCode, retryAfter?: number): void {
    this.#credential.dispose();
    this.#sendError(code, { retryAfter });
    this.#session.close(new TunnelError(code));
  }

  /** Ends the session because memory is low and it holds a lot of it. Its client may return later. */
  endForMemory(): void {
    const { held } = this;
    this.#logs.log.warn({ held }, "session ended: memory is low, and this session holds the most unread data");
    this.refuse("PN_SESSION_MEMORY", Math.round(SERVER_LIMITS.overloadedRetry * (1 + Math.random())));
  }

  /** Ends the session if its credential is no longer accepted. */
  checkCredential(): void {
    this.#credential.check();
  }

  /** Asks the client to reconnect `retryAfter` milliseconds from now. Streams in progress continue. */
  goAway(retryAfter: number): void {
    this.#session.goAway("PN_DRAINING", retryAfter);
    this.#tunnels.retireIdleStreams();
  }

  close(): void {
    this.#tunnels.sendRecords();
    this.#session.close(new TunnelError("PN_DRAINING"));
  }

  /** Ends the connection without a closing handshake. */
  terminate(): void {
    this.#transport.terminate();
  }

  onControl(message: ControlMessage): void {
    const { principal, isAuthenticating } = this.#credential;
    if (principal === undefined)
      return message.type === "hello" && !isAuthenticating ? this.#login(message) : this.refuse("PN_PROTOCOL");
    switch (message.type) {
      case "bind":
        if (this.#credential.check()) this.#bind(message, principal);
        return;
      case "check":
        if (this.#credential.check()) this.#check(message, principal);
        return;
      case "refresh":
        if (!isAuthenticating) return this.#refresh(message);
        return this.#sendError("PN_AUTH_UNAVAILABLE", { refresh: message.refresh });
      case "unbind":
        return this.#tunnels.close(message.tunnel);
      case "error":
        return this.#logs.repeated.write("warn", "client reported an error", { code: message.code.slice(0, 50) });
      default:
        return this.refuse("PN_PROTOCOL");
    }
  }

  onStream(stream: Stream): void {
    stream.reset("PN_UNSUPPORTED");
  }

  onGoAway(): void {
    this.#isLeaving = true;
    this.#tunnels.release(true);
    this.#tunnels.retireIdleStreams();
  }

  onPong(): void {}

  onStreamsOver(): void {}

  onClose(reason: TunnelError): void {
    const { code } = reason;
    if (code === "PN_CLOSED") this.#isLeaving = true;
    this.#tunnels.release(this.#isLeaving);
    this.#tunnels.clear();
    this.#credential.dispose();
    if (this.#owner !== undefined) this.#owners.leave(this.#owner, this);
    const { log, repeated } = this.#logs;
    repeated.flush();
    if (this.#isLoginRefused) return this.#events.onClose(reason);
    if (!this.isLoggedIn) log.warn({ code }, "connection closed before login");
    else log.info({ code }, this.#isLeaving ? "client disconnected" : "client session ended");
    this.#events.onClose(reason);
  }

  #login(hello: Hello): void {
    if (!hello.versions.includes(PROTOCOL_VERSION)) return this.refuse("PN_VERSION");
    this.#credential.authenticate(hello.auth, (outcome) => {
      if (outcome instanceof TunnelError) {
        this.#isLoginRefused = true;
        this.#logs.log.warn({ code: outcome.code, reason: outcome.message }, "login refused");
        return this.refuse(outcome.code, outcome.retryAfter);
      }
      this.#welcome(hello, outcome);
    });
  }

  #welcome({ auth, agent, features = [] }: Hello, { owner }: Principal): void {
    const { log, requestLog, repeated } = this.#logs;
    if (!this.#owners.enter(owner, this)) {
      this.#isLoginRefused = true;
      log.warn({ owner, code: "PN_OWNER_SESSION_LIMIT" }, "login refused");
      return this.refuse("PN_OWNER_SESSION_LIMIT", ownerRetry());
    }
    this.#owner = owner;
    this.#logs = { log: log.child({ owner }), requestLog: requestLog.child({ owner }), repeated };
    this.#user = auth.user;
    this.#features = [...OFFERED].filter((feature) => features.includes(feature));
    const { heartbeat, streams } = this.#session.limits;
    this.#session.control({
      type: "welcome",
      version: PROTOCOL_VERSION,
      session: this.id,
      heartbeat_ms: heartbeat,
      limits: { streams },
      features: [...this.#features],
      ...this.#expiry(),
    });
    this.#session.ping();
    this.#logs.log.info({ agent: agent?.slice(0, 100) }, "client connected");
    this.#events.onLogin();
  }

  #refresh({ refresh, auth }: Refresh): void {
    this.#credential.authenticate(auth, (outcome) => {
      if (outcome instanceof TunnelError) {
        const { code, message: reason } = outcome;
        this.#logs.repeated.write("warn", "refresh refused", { code }, { reason });
        return this.#sendError(outcome.code, { refresh, retryAfter: outcome.retryAfter });
      }
      this.#session.control({ type: "refreshed", refresh, ...this.#expiry() });
      this.#logs.log.debug("credential refreshed");
      this.#unbindForbidden();
    });
  }

  /**
   * Unbinds names that the current credential does not allow. It may allow fewer names than an earlier one, after a
   * refresh or a change by its issuer.
   */
  #unbindForbidden(): void {
    const { principal } = this.#credential;
    if (principal !== undefined) this.#tunnels.unbindForbidden(principal.names);
  }

  #expiry(): { expires_in_ms?: number } {
    const { remaining } = this.#credential;
    return remaining === undefined ? {} : { expires_in_ms: remaining };
  }

  #bind(bind: Bind, principal: Principal): void {
    const outcome = this.#tunnels.bind(bind, { principal, user: this.#user });
    if ("code" in outcome) this.#sendError(outcome.code, { ...moreOf(outcome), bind: bind.bind });
    else this.#session.control(outcome);
  }

  #check(check: Check, principal: Principal): void {
    const outcome = this.#tunnels.check(check, { principal, user: this.#user });
    if ("code" in outcome) this.#sendError(outcome.code, { ...moreOf(outcome), check: check.check });
    else this.#session.control(outcome);
  }

  #sendError(code: ErrorCode, about: ErrorAbout): void {
    this.#session.control(controlError(code, about, this.#features));
  }
}

function moreOf({ detail, retryAfter }: BindRefusal): Pick<ErrorAbout, "detail" | "retryAfter"> {
  return { detail, retryAfter };
}
