/** Missed heartbeats in a row that end a session. */
const MISSES = 2;
/** A PING that is due within this share of the interval is sent with a PONG. */
const EARLY = 0.2;
/** A server's PINGs are due this much later than a client's, so that in an idle session they go with its PONGs. */
const LATE = 0.05;

export type Beat = "wait" | "ping";

/**
 * Decides when a PING is due and when a peer has been silent for too long: PROTOCOL.md, section 7. After a process was
 * suspended, its timers fire before it reads its sockets. So callers read first and check `silent` again before they
 * end a session.
 */
export class Heartbeat {
  readonly #interval: number;
  readonly #pingInterval: number;
  #pingAt: number;
  #hasReceived = true;
  /** When the next miss is counted, if nothing arrives before then. */
  #missAt: number;
  #misses = 0;

  /** @param interval milliseconds between two PINGs. */
  constructor(interval: number, now: number, role: "server" | "client") {
    this.#interval = interval;
    this.#pingInterval = role === "server" ? (1 + LATE) * interval : interval;
    this.#pingAt = now + this.#pingInterval;
    this.#missAt = now + interval;
  }

  /** Call it when bytes arrive. */
  received(): void {
    this.#hasReceived = true;
    this.#misses = 0;
  }

  /** Whether to send a PING now, in the same message as the PONG for a PING of the peer. */
  joins(now: number): boolean {
    if (now < this.#pingAt - EARLY * this.#interval) return false;
    this.#pingAt = now + this.#pingInterval;
    return true;
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
    if (due) this.#pingAt = now + this.#pingInterval;
    return due ? "ping" : "wait";
  }

  /** Whether nothing has arrived for too long. */
  get silent(): boolean {
    return this.#misses >= MISSES;
  }
}
