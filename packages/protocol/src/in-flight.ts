import { PathDelay } from "./path-delay.js";

/** Least and most that bulk data may have in flight, and what it starts with, in bytes. */
const SMALLEST_BUDGET = 4 * 1024;
const LARGEST_BUDGET = 16 * 1024 * 1024;
const FIRST_BUDGET = 64 * 1024;
/** Less room than this is not worth a frame of bulk data. */
const LEAST_ROOM = 1024;
/** How long a queue bulk data may build, in milliseconds: one round trip, within these. */
const SHORTEST_QUEUE = 3;
const LONGEST_QUEUE = 50;
/** Rounds whose shortest queue decides. A queue that stands is in all of them; a busy processor delays only some. */
const ROUNDS = 4;
/** How old, in milliseconds, the knowledge of the path without a queue may get under load. */
const MEASURE_INTERVAL = 10_000;

/**
 * How much a session has on the way to its peer, and how much of it bulk data may be: PROTOCOL.md, section 6.
 * What lies in socket buffers delays everyone behind it, and no socket says how much that is; the peer's ACKs do.
 */
export class InFlight {
  /** Bytes of sequenced frames sent since the session began, the batch under way included. */
  sent = 0;
  /** Bytes the peer has acknowledged. */
  acked = 0;
  /** Bytes that bulk data may have in flight. */
  budget = FIRST_BUDGET;
  /** When `acked` last moved, or when waiting for it began. */
  progressAt = 0;

  readonly #path = new PathDelay();
  #measuredAt = 0;
  /** `drain`: bulk waits until what was in flight has arrived; `measure`: and until the PING sent then is answered. */
  #pause: "none" | "drain" | "measure" = "none";
  /** Where `sent` stood when the drain began: small answers go on, so the pipe may never be empty. */
  #drainEnd = 0;
  /** Whether the budget held bulk data back since the last look. */
  #limited = false;
  /** `sent` when an ACK was last asked for. */
  #askedAt = 0;

  /** A message that filled the budget: how long it took tells whether the budget fits. */
  #markEnd = -1;
  #markAt = 0;
  #rounds = 0;
  /** How many rounds are to be looked at before the budget changes: one while it grows. */
  #roundsNeeded = 1;
  #shortestQueue = Infinity;

  get bytes(): number {
    return this.sent - this.acked;
  }

  /** The path's own round trip in milliseconds; 0 while unknown. */
  get roundTrip(): number {
    return this.#path.roundTrip;
  }

  /** How many bytes of bulk data may leave now. */
  room(): number {
    const room = this.#pause === "none" ? this.budget - this.bytes : 0;
    if (room >= LEAST_ROOM) return room;
    this.#limited = true;
    return 0;
  }

  /**
   * The batch with everything counted in `sent` leaves; `before` is what `sent` was when it began.
   * @returns whether it should ask for an ACK at once.
   */
  leave(before: number, now: number): boolean {
    if (before === this.acked) this.progressAt = now;
    const mark = this.#markEnd < 0 && this.bytes + LEAST_ROOM > this.budget;
    if (mark) {
      this.#markEnd = this.sent;
      this.#markAt = now;
    }
    if (!mark && this.sent - this.#askedAt < this.budget / 4) return false;
    this.#askedAt = this.sent;
    return true;
  }

  /** The peer has received `count` bytes in all, the last at `clock` by its own clock. Returns false when that cannot be. */
  acknowledge(count: number, clock: number, now: number): boolean {
    if (count < this.acked || count > this.sent) return false;
    if (count > this.acked) this.progressAt = now;
    this.acked = count;
    if (this.#markEnd >= 0 && count >= this.#markEnd) {
      this.#markEnd = -1;
      this.#finishRound(this.#path.queue(this.#markAt, clock));
    }
    return true;
  }

  /** Whether the path should be measured now: asked regularly and when bytes were acknowledged. */
  shouldMeasure(now: number): boolean {
    if (this.#pause === "none" && this.#limited && now - this.#measuredAt > MEASURE_INTERVAL) {
      this.#pause = "drain";
      this.#drainEnd = this.sent;
    }
    this.#limited = false;
    if (this.#pause !== "drain" || this.acked < this.#drainEnd) return false;
    this.#pause = "measure";
    return true;
  }

  /** A PING of `sentAt` is answered at `now`; it arrived at `clock`. `clean` says that nothing was in flight when it left. */
  measured(sentAt: number, clock: number, clean: boolean, now: number): void {
    const known = this.#path.known && this.#pause !== "measure";
    this.#pause = "none";
    if (!clean && known) return;
    this.#measuredAt = now;
    this.#path.measure(sentAt, clock, now - sentAt);
  }

  /** A full budget had to wait for `queue` milliseconds behind what was before it. */
  #finishRound(queue: number): void {
    this.#shortestQueue = Math.min(this.#shortestQueue, queue);
    if (++this.#rounds < this.#roundsNeeded) return;
    const own = Math.max(this.#path.roundTrip, 0.1);
    const allowed = Math.min(Math.max(own, SHORTEST_QUEUE), LONGEST_QUEUE);
    const step = Math.min(Math.max((own + allowed) / (own + this.#shortestQueue), 0.5), 2);
    this.budget = Math.min(Math.max(Math.round(this.budget * step), SMALLEST_BUDGET), LARGEST_BUDGET);
    this.#roundsNeeded = step > 1.4 ? 1 : ROUNDS;
    this.#rounds = 0;
    this.#shortestQueue = Infinity;
  }
}
