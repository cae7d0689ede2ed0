import { pino } from "pino";
import {
  DEFAULT_LIMITS,
  NO_SESSION,
  Session,
  type ControlMessage,
  type SessionHandler,
  type Transport,
} from "@postern/protocol";
import { SERVER_LIMITS } from "../limits.js";
import { ApiKeys } from "../login/api-keys.js";
import { DEFAULT_OWNER_LIMITS, Owners } from "./owners.js";
import { DEFAULT_NAME_RULES } from "../names/name.js";
import { MemoryLeaseStore } from "../names/memory-lease-store.js";
import { DEFAULT_STRATEGIES } from "../tunnels/group-route.js";
import { TunnelPolicies } from "../policies/tunnel-policies.js";
import { TunnelRegistry } from "../tunnels/tunnel-registry.js";
import { ClientSession, type ClientConnection } from "./client-session.js";
import type { SessionDependencies } from "./session-dependencies.js";

const ANN = { owner: "ann", key: "ann-key-0123456789" };

/** One end of a connection in memory. Messages arrive in a later turn of the event loop, as from a socket. */
class MemoryTransport implements Transport {
  handler = NO_SESSION;
  readonly buffered = 0;
  peer: MemoryTransport | undefined;
  #isOpen = true;
  /** Messages that the handler was too busy to read. */
  #unread: Buffer[] = [];

  send(batch: Buffer, start: number): boolean {
    const message = Buffer.from(batch.subarray(start));
    if (this.#isOpen) setImmediate(() => this.peer?.receive(message));
    return true;
  }

  close(code: number, reason: string): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    setImmediate(() => {
      this.handler.onClose(code, reason);
      this.peer?.close(code, reason);
    });
  }

  terminate(): void {
    this.close(1006, "");
  }

  resume(): void {
    for (const message of this.#unread.splice(0)) this.receive(message);
  }

  receive(message: Buffer): void {
    const isPaused = this.#unread.length > 0;
    const read = isPaused ? 0 : this.handler.onMessage(message, true);
    if (read === message.length) return;
    this.#unread.push(message.subarray(read));
    if (!isPaused) this.handler.onPaused();
  }
}

/** The shared dependencies of sessions, without a server: one owner, names in memory, and no log output. */
export function sessionDependencies(more: Partial<SessionDependencies> = {}): SessionDependencies {
  const log = pino({ level: "silent" });
  const policies = new TunnelPolicies();
  return {
    authenticator: new ApiKeys([ANN]),
    owners: new Owners(DEFAULT_OWNER_LIMITS, () => performance.now()),
    registry: new TunnelRegistry(new MemoryLeaseStore(() => performance.now()), policies),
    nameRules: DEFAULT_NAME_RULES,
    policies,
    mayJoin: true,
    groupStrategies: DEFAULT_STRATEGIES,
    maxTunnels: Infinity,
    limits: DEFAULT_LIMITS,
    log,
    requestLog: log,
    publicUrl: (name) => `http://${name}.localhost`,
    counter: () => undefined,
    requestRecords: SERVER_LIMITS.listedRequests,
    ...more,
  };
}

/** A client of a ClientSession that the test scripts. */
export class ScriptedPeer implements SessionHandler {
  readonly messages: ControlMessage[] = [];
  readonly server: ClientSession;
  readonly #session: Session;
  #onMessage = (): void => {};

  /** The delay in the server's GOAWAY, in milliseconds. */
  retryAfter: number | undefined;

  /** @param open creates the server's side. */
  constructor(
    dependencies: SessionDependencies,
    open = (connection: ClientConnection) =>
      new ClientSession(connection, dependencies, { onLogin() {}, onClose() {} }),
  ) {
    const [here, there] = [new MemoryTransport(), new MemoryTransport()];
    [here.peer, there.peer] = [there, here];
    this.server = open({ transport: there, address: "192.0.2.1", peer: undefined });
    const schedule = (task: () => void): void => void setImmediate(task);
    this.#session = new Session({ role: "client", transport: here, now: () => performance.now(), schedule }, this);
  }

  /** Logs in. @param features the field in `hello`; undefined: without the field. */
  login(features: string[] | undefined): Promise<ControlMessage> {
    const auth = { method: "api_key", api_key: ANN.key };
    return this.ask({ type: "hello", versions: [1], auth, ...(features === undefined ? {} : { features }) });
  }

  /** Announces the end of the session. */
  goAway(): void {
    this.#session.goAway("PN_DRAINING");
  }

  /** Sends `message` and returns the next message of the server. */
  async ask(message: ControlMessage): Promise<ControlMessage> {
    const next = new Promise<void>((resolve) => (this.#onMessage = resolve));
    this.#session.control(message);
    await next;
    return this.messages.at(-1) as ControlMessage;
  }

  onControl(message: ControlMessage): void {
    this.messages.push(message);
    this.#onMessage();
  }

  onStream(): void {}
  onGoAway(_code: string, retryAfter: number): void {
    this.retryAfter = retryAfter;
  }
  onPong(): void {}
  onStreamsOver(): void {}
  onClose(): void {}
}
