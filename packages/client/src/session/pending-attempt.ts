/** The current attempt of a supervisor to open a session. */
export class PendingAttempt {
  readonly #uptime: () => number;
  #began = 0;
  #controller: AbortController | undefined;

  /** @param uptime milliseconds of a monotonic clock. */
  constructor(uptime: () => number) {
    this.#uptime = uptime;
  }

  get exists(): boolean {
    return this.#controller !== undefined;
  }

  /** Returns a controller that aborts the attempt. */
  begin(): AbortController {
    this.#began = this.#uptime();
    this.#controller = new AbortController();
    return this.#controller;
  }

  end(controller: AbortController): void {
    if (this.#controller === controller) this.#controller = undefined;
  }

  abort(): void {
    this.#controller?.abort();
  }

  abortIfOlder(milliseconds: number): void {
    if (this.#controller !== undefined && this.#uptime() - this.#began >= milliseconds) this.abort();
  }
}
