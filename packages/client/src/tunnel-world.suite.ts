import { TunnelError, type Bound, type ErrorCode } from "@postern/protocol";
import type { LoginOptions } from "./server-way/login.js";
import type { KeptSession, Means } from "./session/dependencies.js";
import type { ConnectionState } from "./session/connection-state.js";
import type { TunnelEvent } from "./options.js";
import type { Change } from "./session/network-monitor.js";
import { Tunnel } from "./tunnel.js";
import type { TunnelSessionEvents } from "./session/tunnel-session.js";

/** One attempt to log in, which ends as the test says. */
export class Attempt {
  readonly options: LoginOptions;
  readonly events: TunnelSessionEvents;
  state: "dialling" | "greeting" | "binding" | "bound" | "over" = "dialling";
  #connected = Promise.withResolvers<{ session: KeptSession; lifetime: undefined }>();
  #bound = Promise.withResolvers<Bound>();
  /** It was asked to end in peace; that lasts until `finish`. */
  drained = false;
  /** Whether what is in progress takes its time. */
  lasts = false;
  #finished = Promise.withResolvers<void>();
  /** The server has asked for another session instead. */
  left = false;

  constructor(options: LoginOptions, events: TunnelSessionEvents) {
    this.options = options;
    this.events = events;
    this.#bound.promise.catch(() => {});
    options.signal.addEventListener("abort", () => {
      if (this.state === "dialling" || this.state === "greeting") this.fail("PN_CLOSED");
    });
  }

  get promise(): Promise<{ session: KeptSession; lifetime: undefined }> {
    return this.#connected.promise;
  }

  /** The next good thing that can happen to it. */
  succeed(): void {
    if (this.state === "dialling") {
      this.state = "greeting";
      this.options.onConnected();
    } else if (this.state === "greeting") {
      this.state = "binding";
      this.#connected.resolve({ session: this.#session(), lifetime: undefined });
    } else if (this.state === "binding") {
      this.state = "bound";
      const public_url = `http://name.${this.options.address.host}`;
      this.#bound.resolve({ type: "bound", bind: 1, tunnel: 1, tunnel_id: "t", name: "name", public_url });
    }
  }

  goAway(hint: number): void {
    this.left = true;
    this.events.onGoAway(hint);
  }

  /** The server takes the tunnel away; what is in progress may end. */
  takeAway(code: ErrorCode): void {
    this.left = true;
    this.events.onTakenAway(new TunnelError(code));
  }

  /** What was in progress is over. */
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
    if (state === "binding" || state === "bound") this.events.onClose(error);
  }

  #session(): KeptSession {
    return {
      bind: () => this.#bound.promise,
      close: () => this.fail("PN_CLOSED"),
      dataPlane: "unknown",
      drain: async () => {
        this.drained = true;
        if (this.lasts) await this.#finished.promise;
        this.fail("PN_CLOSED");
      },
      prove() {},
      refresh: () => Promise.reject(new TunnelError("PN_INTERNAL")),
      watchDataPlane() {},
    };
  }
}

/** Milliseconds between two looks whether the first server is back. */
const LOOK = 20_000;

/** A tunnel in a world where only happens what the test lets happen. */
export class World {
  readonly attempts: Attempt[] = [];
  readonly states: ConnectionState[] = ["disconnected"];
  readonly events: TunnelEvent[] = [];
  readonly tunnel: Tunnel;
  outcome: "open" | "closed" | TunnelError | undefined;
  timers: { task: () => void; milliseconds: number }[] = [];
  now = 0;
  /** Whether the first server says that it is there. */
  isUp = false;
  #notice: ((change: Change) => void) | undefined;

  constructor({ connections = 1, fallbacks = [] as string[], maxAttempts = 0, enabled = true, lasts = false } = {}) {
    const means: Means = {
      connect: (options, _, events) => {
        const attempt = new Attempt(options, events);
        attempt.lasts = lasts;
        this.attempts.push(attempt);
        return attempt.promise;
      },
      isUp: async () => this.isUp,
      clock: {
        now: () => this.now,
        random: () => 0.5,
        after: (milliseconds, task) => {
          const timer = { task, milliseconds };
          this.timers.push(timer);
          return () => (this.timers = this.timers.filter((each) => each !== timer));
        },
      },
      // It is never twice the same, as a real one.
      uptime: () => (this.now += 0.001),
      surroundings: {
        listen: (listener) => {
          this.#notice = listener;
          return () => (this.#notice = undefined);
        },
      },
    };
    const reconnection = { maxAttempts, enabled };
    const options = { server: "http://home.test", local: 80, apiKey: "a-key", connections, fallbacks, reconnection };
    this.tunnel = new Tunnel({ ...options, onEvent: (event) => this.events.push(event) }, means);
    this.tunnel.on("state", (state) => this.states.push(state));
    this.tunnel.open().then(
      () => (this.outcome = "open"),
      (error: TunnelError) => (this.outcome = error),
    );
    this.tunnel.on("closed", (error) => (this.outcome = (error as TunnelError | undefined) ?? "closed"));
  }

  /** Those that serve, as far as the server knows. */
  get serving(): Attempt[] {
    return this.attempts.filter(({ state, left, drained }) => state === "bound" && !left && !drained);
  }

  get alive(): Attempt[] {
    return this.attempts.filter(({ state }) => state !== "over");
  }

  /** The latest attempt that is not over. */
  get last(): Attempt {
    return this.alive.at(-1) as Attempt;
  }

  get over(): boolean {
    return this.outcome === "closed" || (this.outcome instanceof TunnelError && this.alive.length === 0);
  }

  async settle(): Promise<void> {
    for (let n = 0; n < 3; n++) await new Promise((resolve) => setImmediate(resolve));
  }

  /** The pause before a retry is over. */
  async wait(): Promise<number> {
    const timer = this.timers.shift();
    timer?.task();
    await this.settle();
    return timer?.milliseconds ?? -1;
  }

  /** All pauses before retries are over. */
  async retry(): Promise<void> {
    for (const { milliseconds, task } of this.timers) if (milliseconds !== LOOK) task();
    await this.settle();
  }

  /** It is looked so many times whether the first server is back. */
  async look(times: number): Promise<void> {
    for (let time = 0; time < times; time++) {
      const at = this.timers.findIndex(({ milliseconds }) => milliseconds === LOOK);
      if (at < 0) return;
      this.timers.splice(at, 1)[0]!.task();
      await this.settle();
    }
  }

  /** Lets the last attempt come through. */
  async connect(attempt = this.last): Promise<void> {
    for (let n = 0; n < 3; n++) {
      attempt.succeed();
      await this.settle();
    }
  }

  /** Lets all come through that are on their way, and those that follow them. */
  async connectAll(): Promise<void> {
    const coming = (): Attempt | undefined => this.alive.find(({ state }) => state !== "bound");
    for (let attempt = coming(); attempt !== undefined; attempt = coming()) await this.connect(attempt);
  }

  async fail(code: ErrorCode, attempt = this.last, retryAfter?: number): Promise<void> {
    attempt.fail(code, retryAfter);
    await this.settle();
  }

  async notice(change: Change): Promise<void> {
    this.#notice?.(change);
    await this.settle();
  }
}
