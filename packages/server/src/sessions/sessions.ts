import type { TunnelError } from "@postern/protocol";
import { ClientSession, type ClientConnection, type ClientSessionEvents } from "./client-session.js";
import type { SessionDependencies } from "./session-dependencies.js";

/**
 * The delays after which clients are asked to reconnect when the server stops, in milliseconds. Each client gets a
 * different delay, so that the next server is not overloaded.
 */
const RECONNECT = { first: 1_000, apart: 5, last: 30_000 };
/** Timeout of the clients' closing handshakes when the server stops, in milliseconds. */
const CLOSING = 1_000;
/** Sessions that are checked in one turn of the event loop: about a millisecond of work, with their heartbeats. */
const CHECKED_PER_TURN = 256;

/** All sessions of the server, including those before login. */
export class Sessions implements ClientSessionEvents {
  readonly #dependencies: SessionDependencies;
  readonly #onLogin: (outcome: string) => void;
  readonly #sessions = new Set<ClientSession>();
  /** What to call when the login is over, for sessions before login. */
  readonly #logins = new Map<ClientSession, () => void>();
  /** The sessions that the current check has not reached, while there is one. */
  #unchecked: Iterator<ClientSession> | undefined;
  /** Called when the last session has ended. */
  #onEmpty = (): void => {};

  /** @param onLogin called when a login ends, with `ok` or the code of the error. */
  constructor(dependencies: SessionDependencies, onLogin: (outcome: string) => void) {
    this.#dependencies = dependencies;
    this.#onLogin = onLogin;
  }

  /** Sessions that are logged in. */
  get loggedIn(): number {
    return [...this.#sessions].filter(({ isLoggedIn }) => isLoggedIn).length;
  }

  /** Streams of all sessions. */
  get streams(): number {
    return [...this.#sessions].reduce((sum, { streams }) => sum + streams, 0);
  }

  /** @param onLoginOver called once: after the login, or when the session ends without a login. */
  open(connection: ClientConnection, onLoginOver: () => void): ClientSession {
    const session = new ClientSession(connection, this.#dependencies, this);
    this.#sessions.add(session);
    this.#logins.set(session, onLoginOver);
    return session;
  }

  onLogin(session: ClientSession): void {
    this.#endLogin(session, "ok");
  }

  onClose(session: ClientSession, { code }: TunnelError): void {
    this.#sessions.delete(session);
    if (!session.isLoggedIn) this.#endLogin(session, code);
    if (this.#sessions.size === 0) this.#onEmpty();
  }

  /** Checks all sessions, over several turns if there are many. Call it about once a second. */
  tick(now: number): void {
    if (this.#unchecked !== undefined) return;
    this.#unchecked = this.#sessions.values();
    this.#checkSome(now);
  }

  /**
   * Ends the largest session of the owner that holds the most memory, if that is a lot. Call it about once a second
   * while memory is low.
   */
  endLargest(): void {
    this.#dependencies.owners.largest()?.endForMemory();
  }

  /** Ends the sessions whose credential is no longer accepted. */
  checkCredentials(): void {
    for (const session of this.#sessions) session.checkCredential();
  }

  /** Unbinds the tunnels with policies that clients may no longer ask for. */
  checkPolicies(): void {
    for (const session of this.#sessions) session.checkPolicies();
  }

  /** Asks all clients to reconnect at different times. Streams in progress continue. */
  goAway(): void {
    let retryAfter = RECONNECT.first;
    for (const session of this.#sessions) {
      session.goAway(retryAfter);
      retryAfter = Math.min(retryAfter + RECONNECT.apart, RECONNECT.last);
    }
  }

  /** Closes all sessions. Resolves when they have ended. */
  async close(): Promise<void> {
    if (this.#sessions.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onEmpty = resolve;
    const timer = setTimeout(resolve, CLOSING);
    for (const session of this.#sessions) session.close();
    await promise;
    clearTimeout(timer);
    for (const session of this.#sessions) session.terminate();
  }

  #checkSome(now: number): void {
    for (let checked = 0; checked < CHECKED_PER_TURN; checked++) {
      const next = this.#unchecked?.next();
      if (next === undefined || next.done === true) {
        this.#unchecked = undefined;
        return;
      }
      next.value.tick(now);
    }
    setImmediate(() => this.#checkSome(now));
  }

  #endLogin(session: ClientSession, outcome: string): void {
    const onLoginOver = this.#logins.get(session);
    this.#logins.delete(session);
    this.#onLogin(outcome);
    onLoginOver?.();
  }
}
