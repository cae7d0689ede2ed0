/** Missed heartbeats in a row that end a session. */
const MISSES = 2;

export type Beat = "wait" | "ping";

/**
 * Decides when a PING is due and when a peer has been silent for too long: PROTOCOL.md, section 7. The timers of a
 * process that was suspended fire before it reads its sockets. So callers read first and check `silent` again before
 * they give a peer up.
 */
export class Heartbeat {
  readonly #interval: number;
  #pingAt: number;
  #heard = true;
  /** When silence counts as another miss. */
  #missAt: number;
  #misses = 0;

  /** @param interval milliseconds between two PINGs. */
  constructor(interval: number, now: number) {
    this.#interval = interval;
    this.#pingAt = now + interval;
    this.#missAt = now + interval;
  }

  /** Anything arrived. */
  heard(): void {
    this.#heard = true;
    this.#misses = 0;
  }

  /** Call it about once a second. */
  beat(now: number): Beat {
    if (this.#heard) this.#missAt = now + this.#interval;
    else if (now >= this.#missAt) {
      // One miss per call, however late it is: a process that was suspended sends a PING before it gives up.
      this.#misses++;
      this.#missAt = now + this.#interval;
    }
    this.#heard = false;
    const due = now >= this.#pingAt;
    if (due) this.#pingAt = now + this.#interval;
    return due ? "ping" : "wait";
  }

  /** Whether nothing has arrived for too long. */
  get silent(): boolean {
    return this.#misses >= MISSES;
  }
}
