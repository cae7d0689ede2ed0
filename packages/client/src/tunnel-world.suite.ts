import { FEATURES, TunnelError, type Bound, type ErrorCode } from "@postern/protocol";
import type { ConnectOptions } from "./options.js";
import type { LoginOptions } from "./server-connection/login.js";
import type { ConnectionState } from "./session/connection-state.js";
import type { Dependencies, OpenSession } from "./session/dependencies.js";
import type { HostChange } from "./reconnection/network-monitor.js";
import type { BindRequest, SessionOwner } from "./session/tunnel-session.js";
import { Tunnel } from "./tunnel.js";
import type { TunnelEvent } from "./tunnel-event.js";

type Connected = Awaited<ReturnType<Dependencies["connect"]>>;

/** One attempt to log in. The test decides how it proceeds and ends. */
export class Attempt {
  readonly options: LoginOptions;
  readonly owner: SessionOwner;
  state: "dialling" | "greeting" | "binding" | "bound" | "over" = "dialling";
  #connected = Promise.withResolvers<Connected>();
  #bound = Promise.withResolvers<Bound>();
  /** The bind that the client sent. */
  request: BindRequest | undefined;
  /** The number of clients of the group, as the server reports it. */
  members: number | undefined;
  /** The policies that the server grants. */
  granted: Record<string, string> | undefined;
  /** How they share requests, as the server reports it; undefined: it is older. */
  strategy: string | undefined;
  /** The features in force. */
  features: readonly string[] = Object.values(FEATURES);
  /** Whether the tunnel drains the session, which lasts until `finish`. */
  drained = false;
  /** Whether open streams last until `finish`. */
  lasts = false;
  #finished = Promise.withResolvers<void>();
  /** Whether the server has withdrawn the session. */
  withdrawn = false;

  constructor(options: LoginOptions, owner: SessionOwner) {
    this.options = options;
    this.owner = owner;
    this.#bound.promise.catch(() => {});
    options.signal.addEventListener("abort", () => {
      if (this.state === "dialling" || this.state === "greeting") this.fail("PN_CLOSED");
    });
  }

  get promise(): Promise<Connected> {
    return this.#connected.promise;
  }

  /** Lets the next step succeed. */
  succeed(): void {
    if (this.state === "dialling") {
      this.state = "greeting";
      this.options.onConnected();
    } else if (this.state === "greeting") {
      this.state = "binding";
      this.#connected.resolve({ session: this.#session(), lifetime: undefined, features: this.features });
    } else if (this.state === "binding") {
      this.state = "bound";
      const public_url = `http://name.${this.options.address.host}`;
      const { members, strategy, granted: policies } = this;
      const group = { ...(members === undefined ? {} : { members }), ...(strategy === undefined ? {} : { strategy }) };
      const more = { ...group, ...(policies === undefined ? {} : { policies }) };
      this.#bound.resolve({ type: "bound", bind: 1, tunnel: 1, tunnel_id: "t", name: "name", public_url, ...more });
    }
  }

  goAway(hint: number): void {
    this.withdrawn = true;
    this.owner.onGoAway(hint);
  }

  /** The server withdraws the tunnel; open streams may finish. */
  unbind(code: ErrorCode): void {
    this.withdrawn = true;
    this.owner.onUnbound(new TunnelError(code));
  }

  /** Ends the open streams. */
  finish(): void {
    this.#finished.resolve();
  }

  fail(code: ErrorCode, retryAfter?: number): void {
    const error = new TunnelError(code, undefined, retryAfter);
    const { state } = this;
    if (state === "over") return;
    this.state = "over";
    this.#finished.resolve();
    this.#connected.reject(error);
    this.#bound.reject(error);
    if (state === "binding" || state === "bound") this.owner.onClose(error);
  }

  #session(): OpenSession {
    return {
      bind: (request) => {
        this.request = request;
        return this.#bound.promise;
      },
      checkAlive() {},
      close: () => this.fail("PN_CLOSED"),
      dataPlane: "unknown",
      drain: async () => {
        this.drained = true;
        if (this.lasts) await this.#finished.promise;
        this.fail("PN_CLOSED");
      },
      refresh: () => Promise.reject(new TunnelError("PN_INTERNAL")),
      watchDataPlane() {},
    };
  }
}

/** Milliseconds between two checks of the primary server. */
const CHECK_INTERVAL = 20_000;

interface WorldOptions {
  connections?: number;
  fallbacks?: string[];
  maxAttempts?: number;
  enabled?: boolean;
  /** Whether open streams last until `finish`. */
  lasts?: boolean;
  /** Other options of the tunnel. */
  more?: Partial<ConnectOptions>;
}

/** A tunnel whose server, network and clock the test controls. */
export class World {
  readonly attempts: Attempt[] = [];
  readonly states: ConnectionState[] = ["disconnected"];
  readonly events: TunnelEvent[] = [];
  readonly tunnel: Tunnel;
  outcome: "open" | "closed" | TunnelError | undefined;
  timers: { task: () => void; milliseconds: number }[] = [];
  now = 0;
  /** The result of the primary server's health check. */
  isUp = false;
  #onHostChange: ((change: HostChange) => void) | undefined;

  constructor(given: WorldOptions = {}) {
    const { connections = 1, fallbacks = [], maxAttempts = 0, enabled = true, lasts = false, more = {} } = given;
    const dependencies: Dependencies = {
      connect: (options, _, owner) => {
        const attempt = new Attempt(options, owner);
        attempt.lasts = lasts;
        this.attempts.push(attempt);
        return attempt.promise;
      },
      isUp: async () => this.isUp,
      reachLocal: async () => {},
      clock: {
        now: () => this.now,
        random: () => 0.5,
        after: (milliseconds, task) => {
          const timer = { task, milliseconds };
          this.timers.push(timer);
          return () => (this.timers = this.timers.filter((each) => each !== timer));
        },
      },
      // Never returns the same time twice, like a real clock.
      uptime: () => (this.now += 0.001),
      network: {
        listen: (listener) => {
          this.#onHostChange = listener;
          return () => (this.#onHostChange = undefined);
        },
      },
    };
    const reconnection = { maxAttempts, enabled };
    const options = {
      server: "http://home.test",
      local: 80,
      apiKey: "a-key",
      connections,
      fallbacks,
      reconnection,
      ...more,
    };
    this.tunnel = new Tunnel({ ...options, onEvent: (event) => this.events.push(event) }, dependencies);
    this.tunnel.on("state", (state) => this.states.push(state));
    this.tunnel.open().then(
      () => (this.outcome = "open"),
      (error: TunnelError) => (this.outcome = error),
    );
    this.tunnel.on("closed", (error) => (this.outcome = (error as TunnelError | undefined) ?? "closed"));
  }

  /** The attempts that serve the tunnel. */
  get serving(): Attempt[] {
    return this.attempts.filter(({ state, withdrawn, drained }) => state === "bound" && !withdrawn && !drained);
  }

  get alive(): Attempt[] {
    return this.attempts.filter(({ state }) => state !== "over");
  }

  /** The latest attempt that has not ended. */
  get last(): Attempt {
    return this.alive.at(-1) as Attempt;
  }

  get over(): boolean {
    return this.outcome === "closed" || (this.outcome instanceof TunnelError && this.alive.length === 0);
  }

  async settle(): Promise<void> {
    for (let n = 0; n < 3; n++) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Fires the first pending timer. Returns its delay. */
  async wait(): Promise<number> {
    const timer = this.timers.shift();
    timer?.task();
    await this.settle();
    return timer?.milliseconds ?? -1;
  }

  /** Ends all pauses before retries. */
  async retry(): Promise<void> {
    for (const { milliseconds, task } of this.timers) if (milliseconds !== CHECK_INTERVAL) task();
    await this.settle();
  }

  /** Runs this many checks of the primary server. */
  async checkPrimary(times: number): Promise<void> {
    for (let time = 0; time < times; time++) {
      const at = this.timers.findIndex(({ milliseconds }) => milliseconds === CHECK_INTERVAL);
      if (at < 0) return;
      this.timers.splice(at, 1)[0]!.task();
      await this.settle();
    }
  }

  /** Lets the last attempt succeed. */
  async connect(attempt = this.last): Promise<void> {
    for (let n = 0; n < 3; n++) {
      attempt.succeed();
      await this.settle();
    }
  }

  /** Lets all pending attempts succeed, and those that they cause. */
  async connectAll(): Promise<void> {
    const pending = (): Attempt | undefined => this.alive.find(({ state }) => state !== "bound");
    for (let attempt = pending(); attempt !== undefined; attempt = pending()) await this.connect(attempt);
  }

  async fail(code: ErrorCode, attempt = this.last, retryAfter?: number): Promise<void> {
    attempt.fail(code, retryAfter);
    await this.settle();
  }

  async hostChange(change: HostChange): Promise<void> {
    this.#onHostChange?.(change);
    await this.settle();
  }
}
