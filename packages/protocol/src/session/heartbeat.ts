/** Missed heartbeats in a row that end a session. */
const MISSES = 2;

export type Beat = "wait" | "ping";

/**
 * Decides when to PING and when a peer is lost: PROTOCOL.md, section 7.
 * A process that was suspended finds its timers due before it has read what waits in its socket, so a silent peer is not yet a lost one:
 * whoever asks reads first, and asks again.
 */
export class Heartbeat {
  readonly #interval: number;
  #pingAt: number;
  #heard = true;
  /** When silence counts as one miss more. */
  #missAt: number;
  #misses = 0;

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

  /** Looks at the clock; to be asked about once a second. */
  beat(now: number): Beat {
    if (this.#heard) this.#missAt = now + this.#interval;
    else if (now >= this.#missAt) {
      // Once a look, however late it comes: a process that was suspended asks before it gives up.
      this.#misses++;
      this.#missAt = now + this.#interval;
    }
    this.#heard = false;
    const due = now >= this.#pingAt;
    if (due) this.#pingAt = now + this.#interval;
    return due ? "ping" : "wait";
  }

  /** Whether nothing has come for too long. */
  get silent(): boolean {
    return this.#misses >= MISSES;
  }
}
