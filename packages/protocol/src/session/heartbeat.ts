/** Missed heartbeats in a row that end a session. */
const MISSES = 2;

export type Beat = "wait" | "ping";

/**
 * Decides when a PING is due and when a peer has been silent for too long: PROTOCOL.md, section 7. After a process was
 * suspended, its timers fire before it reads its sockets. So callers read first and check `silent` again before they
 * end a session.
 */
export class Heartbeat {
  readonly #interval: number;
  #pingAt: number;
  #hasReceived = true;
  /** When the next miss is counted, if nothing arrives before then. */
  #missAt: number;
  #misses = 0;

  /** @param interval milliseconds between two PINGs. */
  constructor(interval: number, now: number) {
    this.#interval = interval;
    this.#pingAt = now + interval;
    this.#missAt = now + interval;
  }

  /** Call it when bytes arrive. */
  received(): void {
    this.#hasReceived = true;
    this.#misses = 0;
  }

  /** Call it about once a second. */
  beat(now: number): Beat {
    if (this.#hasReceived) this.#missAt = now + this.#interval;
    else if (now >= this.#missAt) {
      // Count one miss per call, however late the call is, so that a process that was suspended sends a PING first.
      this.#misses++;
      this.#missAt = now + this.#interval;
    }
    this.#hasReceived = false;
    const due = now >= this.#pingAt;
    if (due) this.#pingAt = now + this.#interval;
    return due ? "ping" : "wait";
  }

  /** Whether nothing has arrived for too long. */
  get silent(): boolean {
    return this.#misses >= MISSES;
  }
}
