/** Milliseconds that are counted together. */
const STEP = 100;
/** How late a client may be, in milliseconds: its delay has a random part, and TLS takes time. */
const LATE = 2_000;

/** The retry times that the server sent to clients. Each admits one client. */
export class RetryTimes {
  /** By step: how many clients. */
  readonly #steps = new Map<number, number>();

  add(time: number): void {
    const step = Math.floor(time / STEP);
    this.#steps.set(step, (this.#steps.get(step) ?? 0) + 1);
  }

  /** Returns whether a client that connects now has a retry time, and removes that time. */
  take(now: number): boolean {
    for (let step = Math.floor((now - LATE) / STEP); step <= Math.floor(now / STEP); step++) {
      const clients = this.#steps.get(step);
      if (clients === undefined) continue;
      if (clients > 1) this.#steps.set(step, clients - 1);
      else this.#steps.delete(step);
      return true;
    }
    return false;
  }

  /** Removes times that have passed. Call it about once a second. */
  sweep(now: number): void {
    for (const step of this.#steps.keys()) if (step < Math.floor((now - LATE) / STEP)) this.#steps.delete(step);
  }
}
