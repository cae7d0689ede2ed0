import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import { parseAuthority, type FinishedRequest } from "@postern/gateway";
import {
  ERRORS,
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
} from "@postern/protocol";
import { Authority } from "../login/session-credential.js";
import { defaultName, type DefaultName } from "./default-name.js";
import type { PeerCertificate } from "@postern/net";
import type { Authenticator, Identity } from "../login/principal.js";
import { FormerTunnels } from "../tunnels/draining-tunnels.js";
import { SERVER_LIMITS } from "../limits.js";
import { isReservedName, isValidName, type NameRules } from "../names/name.js";
import type { Holder } from "../tunnels/name-holding.js";
import type { NameRegistry } from "../tunnels/name-registry.js";
import { sendRecords } from "../tunnels/request-records.js";
import { Tunnel } from "../tunnels/tunnel.js";

/** How long finished requests are collected before the client hears of them, in milliseconds. */
const RECORDS_DELAY = 50;

/** What a session needs of the server it is on. */
export interface SessionHost {
  readonly authenticator: Authenticator;
  readonly names: NameRegistry;
  readonly log: Logger;
  readonly requestLog: Logger;
  readonly nameRules: NameRules;
  /** Whether there is room for one more tunnel, unless it takes the place of one that is there. */
  hasRoomFor(name: string): boolean;
  publicUrl(name: string): string;
  /** The client is known now. */
  onLogin(session: ClientSession): void;
  /** A request of a visitor to one of its tunnels is over. */
  onFinished(request: FinishedRequest): void;
  onClose(session: ClientSession, reason: TunnelError): void;
}

/** What a tunnel gets. */
interface Grant extends DefaultName {
  hostHeader: string | undefined;
  holder: Holder;
}

/** The server's side of a client's session: checks who it is, gives it names, and takes them back. */
export class ClientSession implements SessionHandler {
  readonly id = randomUUID();
  readonly #session: Session;
  readonly #transport: Transport;
  readonly #host: SessionHost;
  #log: Logger;
  #requestLog: Logger;
  readonly #authority: Authority;
  /** Who the client says it is. */
  #user: string | undefined;
  /** By number. */
  readonly #tunnels = new Map<number, Tunnel>();
  readonly #former = new FormerTunnels();
  #lastNumber = 0;
  /** The client said that it is going. */
  #leaving = false;

  constructor(transport: Transport, address: string, host: SessionHost, peer?: PeerCertificate) {
    this.#host = host;
    this.#transport = transport;
    this.#log = host.log.child({ session: this.id, address });
    this.#requestLog = host.requestLog.child({ session: this.id, address });
    const now = (): number => performance.now();
    const schedule = (task: () => void): void => void setImmediate(task);
    this.#session = new Session({ role: "server", transport, now, schedule }, this);
    this.#authority = new Authority(
      { authenticate: (auth) => host.authenticator.authenticate(auth, peer) },
      {
        onExpiring: (expires_in_ms) => this.#session.control({ type: "expiring", expires_in_ms }),
        onEnd: ({ code, message }) => {
          this.#log.warn({ code, reason: message }, "the credential of this client does not count any more");
          this.refuse(code);
        },
        onFault: (err) => this.#log.error({ err }, "a credential could not be checked by a fault of the server"),
      },
    );
  }

  /** Whether its client has logged in. */
  get known(): boolean {
    return this.#authority.identity !== undefined;
  }

  /** Streams open now. */
  get streams(): number {
    return this.#session.streams;
  }

  /** Heartbeat, authority and idle streams; about once a second. */
  tick(now: number): void {
    this.#session.tick();
    this.#authority.check();
    this.#unbindForbidden();
    for (const tunnel of this.#tunnels.values()) tunnel.sweep(now);
    for (const number of this.#former.due(now)) this.#session.breakTunnel(number, "PN_NAME_TAKEN_OVER");
  }

  /** Ends the session, and says why. */
  refuse(code: ErrorCode, retryAfter?: number): void {
    this.#authority.dispose();
    this.#sayError(code, { retryAfter });
    this.#session.close(new TunnelError(code));
  }

  /** Ends the session when the credential that it was opened with is no longer accepted. */
  checkAuthority(): void {
    this.#authority.check();
  }

  /** Asks the client to connect anew, `retryAfter` milliseconds from now. Streams in progress go on. */
  goAway(retryAfter: number): void {
    this.#session.goAway("PN_DRAINING", retryAfter);
    this.#letIdleStreamsGo();
  }

  close(): void {
    for (const tunnel of this.#tunnels.values()) sendRecords(this.#session, tunnel, this.#requestLog);
    this.#session.close(new TunnelError("PN_DRAINING"));
  }

  /** Ends the connection without a closing handshake. */
  terminate(): void {
    this.#transport.terminate();
  }

  // ---- what the client says

  onControl(message: ControlMessage): void {
    const { identity, proving } = this.#authority;
    if (identity === undefined)
      return message.type === "hello" && !proving ? this.#login(message) : this.refuse("PN_PROTOCOL");
    switch (message.type) {
      case "bind":
        if (this.#authority.check()) this.#bind(message, identity);
        return;
      case "check":
        if (this.#authority.check()) this.#check(message, identity);
        return;
      case "refresh":
        return proving ? this.#sayError("PN_AUTH_UNAVAILABLE", { refresh: message.refresh }) : this.#refresh(message);
      case "unbind": {
        const tunnel = this.#tunnels.get(message.tunnel);
        if (tunnel !== undefined) this.#unbind(tunnel, "PN_CLOSED");
        return;
      }
      case "error":
        return this.#log.warn({ code: message.code.slice(0, 50) }, "the client reports an error");
      default:
        return this.refuse("PN_PROTOCOL");
    }
  }

  onStream(stream: Stream): void {
    stream.reset("PN_UNSUPPORTED");
  }

  onGoAway(): void {
    this.#leaving = true;
    for (const tunnel of this.#tunnels.values()) this.#releaseName(tunnel);
    this.#letIdleStreamsGo();
  }

  onPong(): void {}

  onStreamsOver(): void {}

  onClose(reason: TunnelError): void {
    if (reason.code === "PN_CLOSED") this.#leaving = true;
    for (const tunnel of this.#tunnels.values()) {
      this.#releaseName(tunnel);
      this.#log.info({ name: tunnel.name, tunnel: tunnel.id }, "tunnel closed");
    }
    this.#tunnels.clear();
    this.#authority.dispose();
    if (this.#authority.identity === undefined)
      this.#log.warn({ code: reason.code }, "a connection ended before login");
    else this.#log.info({ code: reason.code }, this.#leaving ? "client left" : "client dropped");
    this.#host.onClose(this, reason);
  }

  #login(hello: Hello): void {
    if (!hello.versions.includes(PROTOCOL_VERSION)) return this.refuse("PN_VERSION");
    this.#authority.prove(hello.auth, (outcome) => {
      if (outcome instanceof TunnelError) {
        this.#log.warn({ code: outcome.code, reason: outcome.message }, "login refused");
        return this.refuse(outcome.code, outcome.retryAfter);
      }
      this.#user = hello.auth.user;
      this.#welcome(hello, outcome);
    });
  }

  #welcome(hello: Hello, { owner }: Identity): void {
    this.#log = this.#log.child({ owner });
    this.#requestLog = this.#requestLog.child({ owner });
    const { heartbeat, streams } = this.#session.limits;
    this.#session.control({
      type: "welcome",
      version: PROTOCOL_VERSION,
      session: this.id,
      heartbeat_ms: heartbeat,
      limits: { streams },
      features: [],
      ...this.#ends(),
    });
    this.#session.ping();
    this.#log.info({ agent: hello.agent?.slice(0, 100) }, "client connected");
    this.#host.onLogin(this);
  }

  /** Streams and tunnels stay as they are, as long as the new credential allows their names. */
  #refresh({ refresh, auth }: Refresh): void {
    this.#authority.prove(auth, (outcome) => {
      if (outcome instanceof TunnelError) {
        this.#log.warn({ code: outcome.code, reason: outcome.message }, "refresh refused");
        return this.#sayError(outcome.code, { refresh, retryAfter: outcome.retryAfter });
      }
      this.#session.control({ type: "refreshed", refresh, ...this.#ends() });
      this.#log.debug("credential refreshed");
      this.#unbindForbidden();
    });
  }

  /** What counts now may allow fewer names than what counted when they were taken: after a refresh, and when its issuer says so. */
  #unbindForbidden(): void {
    for (const tunnel of this.#tunnels.values())
      if (this.#authority.identity?.names.allow(tunnel.name) === false) this.#unbind(tunnel, "PN_NAME_FORBIDDEN");
  }

  #ends(): { expires_in_ms?: number } {
    const { remaining } = this.#authority;
    return remaining === undefined ? {} : { expires_in_ms: remaining };
  }

  #bind(bind: Bind, identity: Identity): void {
    const grant = this.#grant(bind, identity);
    if (typeof grant === "string") {
      this.#log.warn({ name: bind.subdomain?.slice(0, 100), code: grant }, "tunnel refused");
      return this.#sayError(grant, { bind: bind.bind });
    }
    const { name, lasting, hostHeader } = grant;
    const tunnel = new Tunnel({
      number: ++this.#lastNumber,
      id: randomUUID(),
      name,
      lasting,
      session: this.#session,
      hostHeader,
      onFinished: (request) => this.#host.onFinished(request),
      onRecords: () => setTimeout(() => sendRecords(this.#session, tunnel, this.#requestLog), RECORDS_DELAY),
    });
    this.#tunnels.set(tunnel.number, tunnel);
    this.#host.names.take(tunnel, grant.holder, () => this.#unbind(tunnel, "PN_NAME_TAKEN_OVER"));
    const public_url = this.#host.publicUrl(name);
    const { number, id } = tunnel;
    this.#session.control({ type: "bound", bind: bind.bind, tunnel: number, tunnel_id: id, name, public_url });
    this.#log.info({ name, tunnel: id, public_url }, "tunnel open");
  }

  /** Says what a tunnel would get, and opens none. */
  #check(wish: Check, identity: Identity): void {
    const { check } = wish;
    const grant = this.#grant(wish, identity);
    if (typeof grant === "string") return this.#sayError(grant, { check });
    const { name, lasting } = grant;
    const { owner } = identity;
    const named = lasting ? { name, public_url: this.#host.publicUrl(name) } : {};
    this.#session.control({ type: "checked", check, owner, ...named });
  }

  /** What a tunnel with these wishes gets, or why there can be none. */
  #grant(wish: Bind | Check, identity: Identity): Grant | ErrorCode {
    const { names, nameRules } = this.#host;
    const wished = wish.subdomain !== undefined;
    const named = wished
      ? { name: wish.subdomain!.toLowerCase(), lasting: true }
      : defaultName(this.#user ?? identity.user, identity, names, nameRules);
    if (named === undefined) return "PN_NAME_FORBIDDEN";
    const hostHeader = wish.host_header === "rewrite" ? wish.local_host : wish.host_header;
    const holder = { owner: identity.owner, instance: wish.type === "bind" ? wish.instance : undefined };
    const refusal = this.#refusal(named.name, wished, identity, hostHeader) ?? names.refusal(named.name, holder);
    return refusal ?? { ...named, hostHeader, holder };
  }

  #refusal(name: string, wished: boolean, identity: Identity, hostHeader: string | undefined): ErrorCode | undefined {
    const { nameRules } = this.#host;
    // A name that the server made up is one that it may give.
    if (!isValidName(name, wished ? nameRules : undefined)) return "PN_NAME_INVALID";
    if (isReservedName(name, nameRules)) return "PN_NAME_RESERVED";
    if (!identity.names.allow(name)) return "PN_NAME_FORBIDDEN";
    if (hostHeader !== undefined && parseAuthority(hostHeader) === undefined) return "PN_HOST_HEADER";
    if (this.#tunnels.size >= SERVER_LIMITS.tunnelsPerSession || !this.#host.hasRoomFor(name)) return "PN_TUNNEL_LIMIT";
    return undefined;
  }

  #unbind(tunnel: Tunnel, code: ErrorCode): void {
    this.#tunnels.delete(tunnel.number);
    sendRecords(this.#session, tunnel, this.#requestLog);
    tunnel.pool.close();
    this.#host.names.release(tunnel, tunnel.lasting ? "stopped" : "free");
    // What its client wants to end may take its time; what was taken from it may not.
    if (code !== "PN_CLOSED") this.#former.add(tunnel.number, performance.now());
    const { message, retryable } = ERRORS[code];
    this.#session.control({ type: "unbound", tunnel: tunnel.number, code, message, retryable });
    this.#log.info({ name: tunnel.name, tunnel: tunnel.id, code }, "tunnel closed");
  }

  /** A client that left keeps the names it had asked for; one that dropped is expected back under any name. */
  #releaseName(tunnel: Tunnel): void {
    const how = !this.#leaving ? "dropped" : tunnel.lasting ? "stopped" : "free";
    this.#host.names.release(tunnel, how);
  }

  #letIdleStreamsGo(): void {
    for (const tunnel of this.#tunnels.values()) tunnel.pool.clear(performance.now());
  }

  #sayError(
    code: ErrorCode,
    about: { bind?: number; check?: number; refresh?: number; retryAfter?: number | undefined },
  ): void {
    const { message, retryable } = ERRORS[code];
    const { retryAfter, ...wish } = about;
    const hint = retryAfter === undefined ? {} : { retry_after_ms: retryAfter };
    this.#session.control({ type: "error", code, message, retryable, ...hint, ...wish });
  }
}
