import { randomUUID } from "node:crypto";
import { QUIET_TURN, type PeerCertificate } from "@postern/net";
import {
  FEATURES,
  PROTOCOL_VERSION,
  Session,
  TunnelError,
  type Auth,
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
import type { Authenticator, Principal } from "../login/principal.js";
import { SessionCredential, type CredentialOwner } from "../login/session-credential.js";
import type { BindRefusal } from "./bind-grant.js";
import { controlError, type ErrorAbout } from "./control-error.js";
import type { SessionDependencies } from "./session-dependencies.js";
import { SessionLog } from "./session-log.js";
import { SessionTunnels } from "./session-tunnels.js";

/** The optional parts of the protocol that this server offers. */
const OFFERED: readonly string[] = Object.values(FEATURES);

const now = (): number => performance.now();
const { schedule, soon: scheduleFlush } = QUIET_TURN;

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
  onLogin(session: ClientSession): void;
  onClose(session: ClientSession, reason: TunnelError): void;
}

/** The server's side of a client session: login, control messages, and the end. */
export class ClientSession implements SessionHandler, CredentialOwner, OwnedSession {
  readonly id = randomUUID();
  readonly #session: Session;
  readonly #transport: Transport;
  readonly #events: ClientSessionEvents;
  readonly #authenticator: Authenticator;
  readonly #peer: PeerCertificate | undefined;
  readonly #credential = new SessionCredential(this);
  readonly #tunnels: SessionTunnels;
  readonly #owners: Owners;
  readonly #log: SessionLog;
  /** The user of `hello`, unverified. */
  #user: string | undefined;
  #knowsLimitCodes = false;
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
    this.#peer = peer;
    this.#authenticator = dependencies.authenticator;
    this.#owners = dependencies.owners;
    this.#log = new SessionLog(dependencies, this.id, address, now());
    this.#session = new Session(
      { role: "server", transport, now, schedule, scheduleFlush, limits: dependencies.limits },
      this,
    );
    this.#tunnels = new SessionTunnels(this.#session, dependencies, this.#log);
  }

  /** The owner to whom the session counts; undefined before login. */
  get owner(): string | undefined {
    return this.#log.owner;
  }

  get isLoggedIn(): boolean {
    return this.owner !== undefined;
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
    this.#log.repeated.tick(now);
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
    this.#log.write("warn", { held }, "session ended: memory is low, and this session holds the most unread data");
    this.refuse("PN_SESSION_MEMORY", Math.round(SERVER_LIMITS.overloadedRetry * (1 + Math.random())));
  }

  /** Ends the session if its credential is no longer accepted. */
  checkCredential(): void {
    this.#credential.check();
  }

  /** Unbinds the tunnels with policies that clients may no longer ask for. */
  checkPolicies(): void {
    this.#tunnels.unbindUnenforced();
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

  // ---- SessionHandler

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
        return this.#log.repeated.write("warn", "client reported an error", { code: message.code.slice(0, 50) });
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
    if (this.owner !== undefined) this.#owners.leave(this.owner, this);
    this.#log.repeated.flush();
    if (this.#isLoginRefused) return this.#events.onClose(this, reason);
    if (!this.isLoggedIn) this.#log.write("warn", { code }, "connection closed before login");
    else this.#log.write("info", { code }, this.#isLeaving ? "client disconnected" : "client session ended");
    this.#events.onClose(this, reason);
  }

  // ---- CredentialOwner

  authenticate(auth: Auth): Principal | Promise<Principal> {
    return this.#authenticator.authenticate(auth, this.#peer);
  }

  onCredentialExpiring(expires_in_ms: number): void {
    this.#session.control({ type: "expiring", expires_in_ms });
  }

  onCredentialEnd({ code, message }: TunnelError): void {
    this.#log.write("warn", { code, reason: message }, "session ended: its credential is no longer accepted");
    this.refuse(code);
  }

  onCredentialFault(err: unknown): void {
    this.#log.write("error", { err }, "a credential could not be checked: internal error");
  }

  // ---- internals

  #login(hello: Hello): void {
    if (!hello.versions.includes(PROTOCOL_VERSION)) return this.refuse("PN_VERSION");
    this.#credential.authenticate(hello.auth, (outcome) => {
      if (outcome instanceof TunnelError) {
        this.#isLoginRefused = true;
        this.#log.write("warn", { code: outcome.code, reason: outcome.message }, "login refused");
        return this.refuse(outcome.code, outcome.retryAfter);
      }
      this.#welcome(hello, outcome);
    });
  }

  #welcome({ auth, agent, features = [] }: Hello, { owner }: Principal): void {
    if (!this.#owners.enter(owner, this)) {
      this.#isLoginRefused = true;
      this.#log.write("warn", { owner, code: "PN_OWNER_SESSION_LIMIT" }, "login refused");
      return this.refuse("PN_OWNER_SESSION_LIMIT", ownerRetry());
    }
    this.#log.owner = owner;
    this.#user = auth.user;
    this.#knowsLimitCodes = features.includes(FEATURES.limitCodes);
    this.#tunnels.knowsGroupState = features.includes(FEATURES.groupState);
    const { heartbeat, streams } = this.#session.limits;
    this.#session.control({
      type: "welcome",
      version: PROTOCOL_VERSION,
      session: this.id,
      heartbeat_ms: heartbeat,
      limits: { streams },
      features: OFFERED.filter((feature) => features.includes(feature)),
      ...this.#expiry(),
    });
    this.#session.ping();
    this.#log.write("info", { agent: agent?.slice(0, 100) }, "client connected");
    this.#events.onLogin(this);
  }

  #refresh({ refresh, auth }: Refresh): void {
    this.#credential.authenticate(auth, (outcome) => {
      if (outcome instanceof TunnelError) {
        const { code, message: reason } = outcome;
        this.#log.repeated.write("warn", "refresh refused", { code }, { reason });
        return this.#sendError(outcome.code, { refresh, retryAfter: outcome.retryAfter });
      }
      this.#session.control({ type: "refreshed", refresh, ...this.#expiry() });
      this.#log.write("debug", {}, "credential refreshed");
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
    this.#session.control(controlError(code, about, this.#knowsLimitCodes));
  }
}

function moreOf({ detail, retryAfter }: BindRefusal): Pick<ErrorAbout, "detail" | "retryAfter"> {
  return { detail, retryAfter };
}
