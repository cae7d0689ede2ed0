import { PathDelay } from "./queueing-delay.js";

/** Least and most that bulk data may have in flight, and what it starts with, in bytes. */
const SMALLEST_BUDGET = 4 * 1024;
const LARGEST_BUDGET = 16 * 1024 * 1024;
const FIRST_BUDGET = 64 * 1024;
/** Less room than this is not worth a frame of bulk data. */
const LEAST_ROOM = 1024;
/** How long a queue bulk data may build, in milliseconds: one round trip, within these. */
const SHORTEST_QUEUE = 2;
const LONGEST_QUEUE = 50;
/** After so many rounds in a row without a queue the path is taken to have become faster. */
const FREE_ROUNDS = 3;
/** How old, in milliseconds, a measurement of the path may get under load, and how old when the measurements are in doubt. */
const MEASURE_INTERVAL = 10_000;
const DOUBT_INTERVAL = 1_000;

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
  /** When the peer last acknowledged something new. */
  ackedAt = -Infinity;

  readonly #path = new PathDelay();
  #measuredAt = 0;
  /** `drain`: bulk waits until what was in flight has arrived; `measure`: and until the PING sent then is answered. */
  #pause: "none" | "drain" | "measure" = "none";
  /** Where `sent` stood when the drain began: small answers go on, so the pipe may never be empty. */
  #drainEnd = 0;
  /** Whether the budget held bulk data back since the last look. */
  #limited = false;
  /** The budget cannot be smaller and the queue still stands: it may not be ours, but a path or a machine that has become slower. */
  #doubt = false;
  /** `sent` when an ACK was last asked for. */
  #askedAt = 0;

  /** Messages on the way that asked for an ACK: how long they take tells of the queue. */
  readonly #marks: { end: number; at: number }[] = [];
  /** A round ends when so much is acknowledged; -1: none has begun. */
  #roundEnd = -1;
  /** The shortest queue of the round's messages. A queue that stands is before all of them; a burst, or a busy processor, delays only some. */
  #shortestQueue = Infinity;
  /** Whether the budget held bulk data back in this round. */
  #held = false;
  /** Rounds in a row that found no queue; until the first queue it counts as many. */
  #freeRounds = FREE_ROUNDS;

  get bytes(): number {
    return this.sent - this.acked;
  }

  /** The path's own round trip in milliseconds; 0 while unknown. */
  get roundTrip(): number {
    return this.#path.roundTrip;
  }

  /** How many bytes of bulk data may leave now. */
  room(): number {
    if (this.#pause !== "none") return 0;
    const room = this.budget - this.bytes;
    if (room >= LEAST_ROOM) return room;
    this.#limited = this.#held = true;
    return 0;
  }

  /**
   * The batch with everything counted in `sent` leaves; `before` is what `sent` was when it began.
   * @returns whether it should ask for an ACK at once.
   */
  leave(before: number, now: number): boolean {
    if (before === this.acked) this.progressAt = now;
    const full = this.bytes + LEAST_ROOM > this.budget && this.#marks.length === 0;
    if (!full && this.sent - this.#askedAt < this.budget / 4) return false;
    this.#askedAt = this.sent;
    this.#marks.push({ end: this.sent, at: now });
    if (this.#roundEnd < 0) this.#roundEnd = this.sent;
    return true;
  }

  /** The peer has received `count` bytes in all, the last at `clock` by its own clock. Returns false when that cannot be. */
  acknowledge(count: number, clock: number, now: number): boolean {
    if (count < this.acked || count > this.sent) return false;
    if (count > this.acked) this.progressAt = this.ackedAt = now;
    this.acked = count;
    let mark: { at: number } | undefined;
    while (this.#marks.length > 0 && (this.#marks[0] as { end: number }).end <= count) mark = this.#marks.shift();
    if (mark !== undefined) this.#shortestQueue = Math.min(this.#shortestQueue, this.#path.queue(mark.at, clock));
    if (this.#roundEnd >= 0 && count >= this.#roundEnd) this.#finishRound();
    return true;
  }

  /** Whether a PING should leave now to measure the path: asked regularly and when bytes were acknowledged. */
  shouldMeasure(now: number): boolean {
    const interval = this.#doubt ? DOUBT_INTERVAL : MEASURE_INTERVAL;
    const begins = this.#pause === "none" && this.#limited && now - this.#measuredAt > interval;
    this.#limited = false;
    if (begins) {
      this.#pause = "drain";
      this.#drainEnd = this.sent;
      // What was sent last may not have asked for an ACK; the answer to a PING brings one.
      if (this.#askedAt < this.sent && this.bytes > 0) return true;
    }
    if (this.#pause !== "drain" || this.acked < this.#drainEnd) return false;
    this.#pause = "measure";
    return true;
  }

  /** A PING of `sentAt` is answered at `now`; it arrived at `clock`. `clean` says that nothing was in flight when it left. */
  measured(sentAt: number, clock: number, clean: boolean, now: number): void {
    const known = this.#path.known && this.#pause !== "measure";
    if (this.#pause === "measure") {
      // What the pause has emptied says nothing of the budget.
      this.#beginRound(0);
      this.#pause = "none";
    }
    if (!clean && known) return;
    this.#doubt = false;
    this.#measuredAt = now;
    this.#path.measure(sentAt, clock, now - sentAt);
  }

  /** Fits the budget to what the round found, if the budget was what limited it. */
  #finishRound(): void {
    if (this.#held) this.budget = Math.min(Math.max(Math.round(this.#fitted()), SMALLEST_BUDGET), LARGEST_BUDGET);
    this.#beginRound(this.bytes);
  }

  #beginRound(bytes: number): void {
    this.#held = false;
    this.#shortestQueue = Infinity;
    this.#roundEnd = bytes > 0 ? this.sent : -1;
  }

  #fitted(): number {
    const own = this.#path.roundTrip;
    const queue = this.#shortestQueue;
    const allowed = Math.min(Math.max(own, SHORTEST_QUEUE), LONGEST_QUEUE);
    // Nothing stands in the path: it can take more, and much more as long as it never stood.
    if (queue < allowed / 2) return this.budget * (++this.#freeRounds > FREE_ROUNDS ? 2 : 1.25);
    this.#freeRounds = 0;
    this.#doubt ||= queue > allowed && this.budget === SMALLEST_BUDGET;
    return queue <= allowed ? this.budget : this.budget * Math.max((own + allowed) / (own + queue), 0.5);
  }
}
