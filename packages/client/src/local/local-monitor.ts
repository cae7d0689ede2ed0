import type { Clock } from "../clock.js";

/** Whether the local service accepts connections, as far as the client knows. */
export type LocalState = "ok" | "failing" | "unknown";

/** Milliseconds between two checks of a service that accepts no connection. */
const RECHECK = 5_000;

export interface LocalMonitorOptions {
  /** Connects to the service and closes the connection. @throws the reason why that is impossible. */
  connect: (signal: AbortSignal) => Promise<void>;
  clock: Pick<Clock, "after">;
  /** A check has failed, and the service was not failing before. */
  onFailing: (error: Error) => void;
  /** The service accepts connections. @param before its state until now. */
  onOk: (before: LocalState) => void;
}

/**
 * Checks whether something listens at the local address: once at the start, and while visitors' connections fail, until
 * one connection succeeds. A service that works is never checked again, because its visitors' connections show that.
 *
 *     unknown ── check or connection ──► ok ◄── check or connection ──► failing
 */
export class LocalMonitor {
  state: LocalState = "unknown";
  readonly #options: LocalMonitorOptions;
  readonly #stop = new AbortController();
  #cancel = (): void => {};

  constructor(options: LocalMonitorOptions) {
    this.#options = options;
  }

  /** Begins with a first check. */
  start(): void {
    void this.#check();
  }

  /** A visitor's connection was accepted. */
  connected(): void {
    if (this.state !== "ok") this.#succeeded();
  }

  /** A visitor's connection failed. */
  failed(): void {
    if (this.state === "failing" || this.#stop.signal.aborted) return;
    this.state = "failing";
    this.#checkLater();
  }

  /** Ends the checks. Can be called twice. */
  stop(): void {
    this.#stop.abort();
    this.#cancel();
  }

  async #check(): Promise<void> {
    const { connect, onFailing } = this.#options;
    const { signal } = this.#stop;
    let failure: Error | undefined;
    try {
      await connect(signal);
    } catch (error) {
      failure = error as Error;
    }
    if (signal.aborted) return;
    if (failure === undefined) return this.connected();
    if (this.state === "failing") return this.#checkLater();
    // A visitor's connection may have succeeded while this check waited for its timeout.
    if (this.state === "ok") return;
    this.failed();
    onFailing(failure);
  }

  #checkLater(): void {
    this.#cancel();
    this.#cancel = this.#options.clock.after(RECHECK, () => void this.#check());
  }

  #succeeded(): void {
    const before = this.state;
    this.state = "ok";
    this.#cancel();
    this.#options.onOk(before);
  }
}
