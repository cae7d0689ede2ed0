import { TunnelError } from "@postern/protocol";
import { backoff } from "../reconnection/backoff.js";
import type { Credential } from "../credential/credential.js";
import { following, type ConnectionState } from "./connection-state.js";
import { decide, errorKind } from "../reconnection/loss-decision.js";
import type { HostChange } from "../reconnection/network-monitor.js";
import { PendingAttempt } from "./pending-attempt.js";
import { RetryWait } from "../reconnection/retry-wait.js";
import { endingOf, nextRetry, type Ending } from "../reconnection/retry-count.js";
import { SessionAttempt } from "./session-attempt.js";
import type { TunnelContext } from "./tunnel-context.js";
import type { TunnelEvents } from "../tunnel-events.js";

/** How long a fallback that refused the client is avoided, in milliseconds. */
const REFUSED = 600_000;
/** An attempt that is older than this, in milliseconds, is restarted when the machine's network changes. */
const OLD_ATTEMPT = 1_000;

/** The supervisor's next action: an attempt at once, an attempt after a pause, waiting for a change, or none. */
type Next = "attempt" | "pause" | "rest" | "stop";

/** Keeps one session of a tunnel open: opens it, and replaces it when it is lost. */
export class SessionSupervisor {
  state: ConnectionState = "disconnected";
  readonly #context: TunnelContext;
  readonly #credential: Credential;
  readonly #events: TunnelEvents;
  readonly #wait: RetryWait;
  #current: SessionAttempt | undefined;
  /** The open sessions, including those that only finish their streams. */
  readonly #open = new Set<SessionAttempt>();
  readonly #pending: PendingAttempt;
  /** Retries in a row while other sessions serve the tunnel. */
  #retries = 0;
  /** The end of the last attempt or session, and how long it took or lasted, in milliseconds. */
  #last: { ending: Ending; duration: number } = { ending: "failed", duration: 0 };

  constructor(context: TunnelContext, credential: Credential, events: TunnelEvents) {
    this.#context = context;
    this.#credential = credential;
    this.#events = events;
    this.#pending = new PendingAttempt(context.dependencies.uptime);
    this.#wait = new RetryWait(context.servers, context.dependencies.clock, context.signal);
  }

  /** The session that serves the tunnel. */
  get current(): SessionAttempt | undefined {
    return this.#current;
  }

  /** Whether a session is open, even if it only finishes its streams. */
  get isOpen(): boolean {
    return this.#open.size > 0;
  }

  /** Aborts a pending attempt. Lets open streams finish within `timeout` milliseconds, then closes the sessions. */
  async drain(timeout: number): Promise<void> {
    this.#pending.abort();
    const sessions = [...this.#open].flatMap(({ session }) => session ?? []);
    await Promise.all(sessions.map((session) => session.drain(timeout)));
  }

  /** Closes all sessions at once. Can be called twice. */
  close(): void {
    this.#pending.abort();
    for (const { session } of this.#open) session?.close();
  }

  /** Releases the credential, after `run` has ended. */
  release(): Promise<void> {
    return this.#credential.release();
  }

  /** Ends a pause, restarts an attempt that makes no progress, and checks whether the session is alive. */
  onHostChange(change: HostChange): void {
    this.#wait.endPause();
    this.#pending.abortIfOlder(OLD_ATTEMPT);
    this.#current?.session?.checkAlive(change);
  }

  /**
   * Keeps a session open until the tunnel is closed, or until a lost session must not be replaced.
   * @throws TunnelError when the tunnel fails.
   */
  async run(): Promise<void> {
    const { servers } = this.#context;
    try {
      for (let next: Next = "attempt"; next !== "stop" && !this.#isOver;) {
        if (next === "rest") next = await this.#rest();
        else if (!servers.isLeader(this)) next = await this.#waitForLeader();
        else if (next === "pause") next = await this.#pause();
        else next = await this.#runSession(servers.current);
      }
    } finally {
      servers.withdraw(this);
    }
    this.#setState("disconnected");
  }

  /**
   * Replaces the session by one with `server`, which is open before the old one ends. If this fails, nothing changes.
   */
  async move(server: URL): Promise<"done" | "failed" | "aborted"> {
    const former = this.#current;
    if (former === undefined || this.#pending.exists) return "failed";
    const controller = this.#pending.begin();
    // A lost session is replaced by `run`, so this attempt would open a second session.
    const abort = (): void => controller.abort();
    former.retired.addEventListener("abort", abort, { once: true });
    try {
      await this.#openSession(server, controller, former);
      return "done";
    } catch (error) {
      if (!(error instanceof TunnelError)) throw error;
      return controller.signal.aborted ? "aborted" : "failed";
    } finally {
      former.retired.removeEventListener("abort", abort);
      this.#pending.end(controller);
    }
  }

  /** Moves to the server that the tunnel is at. A gap is allowed, because other sessions serve in the meantime. */
  async follow(): Promise<void> {
    const { servers } = this.#context;
    const former = this.#current;
    if (former === undefined || this.#pending.exists) return;
    const isApart = (): boolean => this.#current === former && former.server !== servers.current;
    let outcome = "aborted";
    while (outcome === "aborted" && isApart() && !this.#isOver) outcome = await this.move(servers.current);
    if (outcome === "failed" && isApart() && servers.connected > 1) former.drain();
  }

  get #isOver(): boolean {
    return this.#context.signal.aborted || this.#context.isClosing;
  }

  /**
   * Runs a session, and those that replace it, until the last one is lost. @throws TunnelError when the tunnel fails.
   */
  async #runSession(server: URL): Promise<Next> {
    const { uptime } = this.#context.dependencies;
    const controller = this.#pending.begin();
    const begunAt = uptime();
    let session: SessionAttempt;
    try {
      session = await this.#openSession(server, controller);
    } catch (error) {
      // Aborted, because the network has changed or the tunnel has moved to another server in the meantime.
      if (this.#isOver || controller.signal.aborted) return "attempt";
      if (!(error instanceof TunnelError)) throw error;
      return this.#recover(error, server, "failed", uptime() - begunAt);
    } finally {
      this.#pending.end(controller);
    }
    const openedAt = uptime();
    const last = await session.lastRetired();
    const reason = last.retired.reason as TunnelError;
    // PN_CLOSED: this side has closed the session.
    if (this.#isOver || reason.code === "PN_CLOSED") return "attempt";
    this.#events.onLost(reason);
    return this.#recover(reason, last.server, endingOf(reason), uptime() - openedAt);
  }

  /**
   * Carries out the decision about a loss.
   * @param duration how long the session with `server` lasted, or how long the attempt took, in milliseconds.
   * @throws TunnelError when the tunnel fails.
   */
  #recover(error: TunnelError, server: URL, ending: Ending, duration: number): Next {
    const { reconnection, servers, tunnelId } = this.#context;
    const { enabled, maxAttempts } = reconnection;
    const cause = ending === "failed" ? "failed" : "lost";
    this.#last = { ending, duration };
    const others = servers.connected > 0;
    const decision = decide({
      cause,
      error: errorKind(error, this.#credential.another(error), tunnelId !== ""),
      server: server === servers.primary ? "primary" : "fallback",
      others,
      reconnects: enabled,
    });
    if (decision === "fail") throw error;
    if (decision === "attempt" || decision === "rest" || decision === "stop") return decision;

    const avoidFor = decision === "avoid" ? REFUSED : (error.retryAfter ?? 0);
    if (avoidFor > 0) servers.avoid(server, avoidFor);
    this.#retries = nextRetry(this.#retries, ending, duration);
    if (others || !servers.isLeader(this)) return "pause";
    if (servers.chooseNext(cause)) return "attempt";
    // The loss of the last session was counted when it happened.
    if (cause === "failed") servers.retries = nextRetry(servers.retries, ending, duration);
    if (!enabled || (maxAttempts > 0 && servers.retries > maxAttempts)) throw error;
    return "pause";
  }

  /**
   * Opens a session that serves the tunnel.
   * @param controller aborts the attempt.
   * @param former the session to replace. It stays connected in the meantime, so its state is the one that is reported.
   * @throws TunnelError.
   */
  async #openSession(server: URL, controller: AbortController, former?: SessionAttempt): Promise<SessionAttempt> {
    const { servers } = this.#context;
    const onProgress = (state: ConnectionState): void => {
      if (former === undefined) this.#setState(state);
    };
    const attempt = new SessionAttempt(server, this.#context, this.#credential, this.#events, onProgress);
    attempt.retired.addEventListener("abort", () => this.#onRetired(attempt), { once: true });
    attempt.closed.addEventListener("abort", () => this.#open.delete(attempt), { once: true });
    const bound = await attempt.open(controller.signal);
    if (servers.isElsewhere(server)) controller.abort();
    if (controller.signal.aborted) {
      attempt.session?.close();
      throw new TunnelError("PN_CLOSED");
    }
    this.#open.add(attempt);
    this.#current = attempt;
    const isNew = servers.add(this, server);
    former?.drain(attempt);
    attempt.watchDataPlane(bound);
    this.#setState("connected");
    this.#events.onBound(bound, isNew);
    return attempt;
  }

  #onRetired(attempt: SessionAttempt): void {
    if (this.#current !== attempt) return;
    this.#current = undefined;
    this.#context.servers.remove(this, endingOf(attempt.retired.reason as TunnelError));
  }

  /** Waits while another supervisor searches for a server. */
  async #waitForLeader(): Promise<Next> {
    if (this.state !== "disconnected") this.#setState("reconnecting");
    await this.#wait.change("found", "vacant");
    return "attempt";
  }

  /** Waits until the tunnel is at a server that may have room for this session. */
  async #rest(): Promise<Next> {
    this.#setState("disconnected");
    await this.#wait.change("found");
    return "attempt";
  }

  /**
   * Waits before a retry. If the last session is lost in the meantime, a different count of retries applies, and a new
   * pause begins.
   */
  async #pause(): Promise<Next> {
    const { dependencies, reconnection, servers } = this.#context;
    const attempt = servers.connected > 0 ? this.#retries : servers.retries;
    const hint = servers.wait;
    const hasFailed = this.#last.ending === "failed";
    const circumstances = { hint, isAppointment: hasFailed, took: hasFailed ? this.#last.duration : 0 };
    const delay = Math.round(backoff(attempt, reconnection, dependencies.clock.random(), circumstances));
    this.#setState("reconnecting");
    const text = delay < 100 ? "reconnecting at once" : `reconnecting in ${(delay / 1_000).toFixed(1)} s`;
    this.#events.report("reconnection", text, { attempt, delay_ms: delay });
    // A server that requests a delay does not accept an earlier attempt.
    const end = await this.#wait.pause(delay, hint === 0);
    return end === "down" ? "pause" : "attempt";
  }

  #setState(state: ConnectionState): void {
    if (this.state === state) return;
    this.state = following(this.state, state);
    this.#events.onState();
  }
}
