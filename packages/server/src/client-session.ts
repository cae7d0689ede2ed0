import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import { parseAuthority } from "@postern/gateway";
import {
  ERRORS,
  PROTOCOL_VERSION,
  Session,
  TunnelError,
  type Bind,
  type ControlMessage,
  type ErrorCode,
  type Hello,
  type SessionHandler,
  type Stream,
  type Transport,
} from "@postern/protocol";
import type { ApiKeys, Credential } from "./api-keys.js";
import { SERVER_LIMITS } from "./limits.js";
import { isReservedName, isValidName, randomName, type NameRules } from "./name.js";
import type { NameRegistry } from "./name-registry.js";
import { sendRecords } from "./records.js";
import { Tunnel } from "./tunnel.js";

/** How long finished requests are collected before the client hears of them, in milliseconds. */
const RECORDS_DELAY = 50;
/** When a client that is asked to go may try anew, in milliseconds. */
const RETRY_AFTER = 1_000;

/** What a session needs of the server it is on. */
export interface SessionHost {
  readonly keys: ApiKeys;
  readonly names: NameRegistry;
  readonly log: Logger;
  readonly requestLog: Logger;
  readonly nameRules: NameRules;
  /** Whether there is room for one more tunnel, unless it takes the place of one that is there. */
  hasRoomFor(name: string): boolean;
  publicUrl(name: string): string;
  /** The client is known now. */
  onLogin(session: ClientSession): void;
  onClose(session: ClientSession): void;
}

/** The server's side of a client's session: checks who it is, gives it names, and takes them back. */
export class ClientSession implements SessionHandler {
  readonly id = randomUUID();
  readonly #session: Session;
  readonly #transport: Transport;
  readonly #host: SessionHost;
  #log: Logger;
  #requestLog: Logger;
  /** With what the client has logged in. */
  #credential: Credential | undefined;
  /** By number. */
  readonly #tunnels = new Map<number, Tunnel>();
  #lastNumber = 0;
  /** The client said that it is going. */
  #leaving = false;

  constructor(transport: Transport, address: string, host: SessionHost) {
    this.#host = host;
    this.#transport = transport;
    this.#log = host.log.child({ session: this.id, address });
    this.#requestLog = host.requestLog.child({ session: this.id, address });
    const now = (): number => performance.now();
    const schedule = (task: () => void): void => void setImmediate(task);
    this.#session = new Session({ role: "server", transport, now, schedule }, this);
  }

  /** Heartbeat and idle streams; about once a second. */
  tick(now: number): void {
    this.#session.tick();
    for (const tunnel of this.#tunnels.values()) tunnel.pool.sweep(now);
  }

  /** Ends the session, and says why. */
  refuse(code: ErrorCode, retryAfter?: number): void {
    this.#sayError(code, undefined, retryAfter);
    this.#session.close(new TunnelError(code));
  }

  /** Ends the session when the key that it was opened with is no longer accepted. */
  checkAuthority(): void {
    if (this.#credential === undefined || this.#host.keys.accepts(this.#credential)) return;
    this.#log.warn("the key of this client is no longer accepted");
    this.refuse("PN_AUTH_REFUSED");
  }

  /** Asks the client to connect anew. Streams in progress go on. */
  goAway(): void {
    this.#session.goAway("PN_DRAINING", RETRY_AFTER);
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
    const credential = this.#credential;
    if (credential === undefined) return message.type === "hello" ? this.#login(message) : this.refuse("PN_PROTOCOL");
    switch (message.type) {
      case "bind":
        return this.#bind(message, credential.owner);
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
    if (this.#credential === undefined) this.#log.warn({ code: reason.code }, "a connection ended before login");
    else this.#log.info({ code: reason.code }, this.#leaving ? "client left" : "client dropped");
    this.#host.onClose(this);
  }

  #login(hello: Hello): void {
    if (!hello.versions.includes(PROTOCOL_VERSION)) return this.refuse("PN_VERSION");
    const { method, api_key } = hello.auth;
    if (method !== "api_key" || api_key === undefined) return this.refuse("PN_UNSUPPORTED");
    const credential = this.#host.keys.find(api_key);
    if (credential === undefined) return this.refuse("PN_AUTH_REFUSED");
    this.#credential = credential;
    const { owner } = credential;
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
    });
    this.#session.ping();
    this.#log.info({ agent: hello.agent?.slice(0, 100) }, "client connected");
    this.#host.onLogin(this);
  }

  #bind(bind: Bind, owner: string): void {
    const name = bind.subdomain?.toLowerCase() ?? this.#freeName();
    const hostHeader = bind.host_header === "rewrite" ? bind.local_host : bind.host_header;
    const refusal = this.#refusal(name, bind.subdomain !== undefined, owner, hostHeader);
    if (refusal !== undefined) {
      this.#log.warn({ name: name.slice(0, 100), code: refusal }, "tunnel refused");
      return this.#sayError(refusal, bind.bind);
    }
    const tunnel = new Tunnel({
      number: ++this.#lastNumber,
      id: randomUUID(),
      name,
      lasting: bind.subdomain !== undefined,
      session: this.#session,
      hostHeader,
      onRecords: () => setTimeout(() => sendRecords(this.#session, tunnel, this.#requestLog), RECORDS_DELAY),
    });
    this.#tunnels.set(tunnel.number, tunnel);
    this.#host.names.take(name, owner, tunnel, () => this.#unbind(tunnel, "PN_NAME_TAKEN_OVER"));
    const public_url = this.#host.publicUrl(name);
    const { number, id } = tunnel;
    this.#session.control({ type: "bound", bind: bind.bind, tunnel: number, tunnel_id: id, name, public_url });
    this.#log.info({ name, tunnel: id, public_url }, "tunnel open");
  }

  #refusal(name: string, wished: boolean, owner: string, hostHeader: string | undefined): ErrorCode | undefined {
    const { nameRules } = this.#host;
    // A name that the server made up is one that it may give.
    if (!isValidName(name, wished ? nameRules : undefined)) return "PN_NAME_INVALID";
    if (isReservedName(name, nameRules)) return "PN_NAME_RESERVED";
    if (hostHeader !== undefined && parseAuthority(hostHeader) === undefined) return "PN_HOST_HEADER";
    if (this.#tunnels.size >= SERVER_LIMITS.tunnelsPerSession || !this.#host.hasRoomFor(name)) return "PN_TUNNEL_LIMIT";
    return this.#host.names.refusal(name, owner);
  }

  #freeName(): string {
    let name = randomName();
    while (this.#host.names.find(name) !== undefined) name = randomName();
    return name;
  }

  #unbind(tunnel: Tunnel, code: ErrorCode): void {
    this.#tunnels.delete(tunnel.number);
    sendRecords(this.#session, tunnel, this.#requestLog);
    tunnel.pool.close();
    this.#host.names.release(tunnel.name, tunnel, tunnel.lasting ? "stopped" : "free");
    const { message, retryable } = ERRORS[code];
    this.#session.control({ type: "unbound", tunnel: tunnel.number, code, message, retryable });
    this.#log.info({ name: tunnel.name, tunnel: tunnel.id, code }, "tunnel closed");
  }

  /** A client that left keeps the names it had asked for; one that dropped is expected back under any name. */
  #releaseName(tunnel: Tunnel): void {
    const how = !this.#leaving ? "dropped" : tunnel.lasting ? "stopped" : "free";
    this.#host.names.release(tunnel.name, tunnel, how);
  }

  #letIdleStreamsGo(): void {
    for (const tunnel of this.#tunnels.values()) tunnel.pool.clear(performance.now());
  }

  #sayError(code: ErrorCode, bind?: number, retryAfter?: number): void {
    const { message, retryable } = ERRORS[code];
    this.#session.control({
      type: "error",
      code,
      message,
      retryable,
      ...(retryAfter === undefined ? {} : { retry_after_ms: retryAfter }),
      ...(bind === undefined ? {} : { bind }),
    });
  }
}
