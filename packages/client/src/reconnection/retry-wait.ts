import type { Clock } from "../clock.js";
import type { SelectionChange, ServerSelection } from "./server-selection.js";

/** The waits of one supervisor between two attempts. Each ends at once when the tunnel is closed. */
export class RetryWait {
  readonly #servers: ServerSelection;
  readonly #clock: Pick<Clock, "after">;
  readonly #signal: AbortSignal;
  #endEarly: (() => void) | undefined;

  /** @param signal aborts when the tunnel is closed. */
  constructor(servers: ServerSelection, clock: Pick<Clock, "after">, signal: AbortSignal) {
    this.#servers = servers;
    this.#clock = clock;
    this.#signal = signal;
  }

  /** Ends the current pause, unless the server has requested its length. */
  endPause(): void {
    this.#endEarly?.();
  }

  /** Waits for one of `changes`. */
  async change(...changes: SelectionChange[]): Promise<void> {
    while (!this.#signal.aborted) {
      const change = await this.#wait<SelectionChange>((done) => this.#servers.onChange(done));
      if (change !== undefined && changes.includes(change)) return;
    }
  }

  /** Waits `delay` milliseconds, or until the selection changes. Returns the change. */
  pause(delay: number, mayEndEarly: boolean): Promise<SelectionChange | "due" | undefined> {
    return this.#wait((done) => {
      const due = (): void => done("due");
      if (mayEndEarly) this.#endEarly = due;
      const ignore = this.#servers.onChange(done);
      const cancel = this.#clock.after(delay, due);
      return () => {
        this.#endEarly = undefined;
        cancel();
        ignore();
      };
    });
  }

  /**
   * Waits for the value that `begin` passes to `done`; undefined: the tunnel was closed. `begin` returns a clean-up
   * function.
   */
  async #wait<T>(begin: (done: (value: T) => void) => () => void): Promise<T | undefined> {
    const { promise, resolve } = Promise.withResolvers<T | undefined>();
    const abandon = (): void => resolve(undefined);
    const cleanUp = begin(resolve);
    this.#signal.addEventListener("abort", abandon, { once: true });
    if (this.#signal.aborted) abandon();
    try {
      return await promise;
    } finally {
      this.#signal.removeEventListener("abort", abandon);
      cleanUp();
    }
  }
}
