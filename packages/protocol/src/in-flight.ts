/** Least and most that bulk data may have in flight, and what it starts with, in bytes. */
const SMALLEST_BUDGET = 4 * 1024;
const LARGEST_BUDGET = 16 * 1024 * 1024;
const FIRST_BUDGET = 64 * 1024;
/** Less room than this is not worth a frame of bulk data. */
const LEAST_ROOM = 1024;
/** What a message of bulk data may take of the path's time, in milliseconds, and the least it may have, in bytes. */
const PIECE = 1;
const SMALLEST_PIECE = 1024;
/** How long a queue bulk data may build, in milliseconds: one round trip, within these. */
const SHORTEST_QUEUE = 5;
const LONGEST_QUEUE = 50;
/** How old, in milliseconds, the knowledge of the path's own round trip may get under load, and of how many measurements it is the best. */
const MEASURE_INTERVAL = 10_000;
const MEASUREMENTS = 8;

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

  /** The latest round trips of a PING that had nothing of ours in front of it, in milliseconds. */
  readonly #measurements: number[] = [];
  #measuredAt = 0;
  /** `drain`: bulk waits until what was in flight has arrived; `measure`: and until the PING sent then is answered. */
  #pause: "none" | "drain" | "measure" = "none";
  /** Where `sent` stood when the drain began: small answers go on, so the pipe may never be empty. */
  #drainEnd = 0;
  /** Whether the budget held bulk data back since the last look. */
  #limited = false;

  /** Bytes a millisecond, as the last full budget went. */
  #rate = Infinity;

  /** A message that filled the budget: its round trip tells whether the budget fits. */
  #markEnd = -1;
  #markAt = 0;

  get bytes(): number {
    return this.sent - this.acked;
  }

  /** The path's own round trip in milliseconds; 0 while unknown. */
  get roundTrip(): number {
    return this.#measurements.length === 0 ? 0 : Math.min(...this.#measurements);
  }

  /** How many bytes of bulk data may leave now. */
  room(): number {
    const room = this.#pause === "none" ? this.budget - this.bytes : 0;
    if (room >= LEAST_ROOM) return room;
    this.#limited = true;
    return 0;
  }

  /**
   * How much bulk data one message should have, in bytes. A message counts as received when its last byte is: a few large ones would leave
   * the path idle between them, and small answers behind them.
   */
  get piece(): number {
    return Math.max(Math.floor(Math.min(this.budget / 4, this.#rate * PIECE)), SMALLEST_PIECE);
  }

  /**
   * The batch with everything counted in `sent` leaves.
   * @returns whether it should ask for an ACK at once.
   */
  leave(before: number, now: number): boolean {
    if (before === this.acked) this.progressAt = now;
    if (this.#markEnd < 0 && this.bytes + LEAST_ROOM > this.budget) {
      this.#markEnd = this.sent;
      this.#markAt = now;
    }
    return this.bytes >= this.budget / 4;
  }

  /** The peer has received `count` bytes in all. Returns false when that cannot be. */
  acknowledge(count: number, now: number): boolean {
    if (count < this.acked || count > this.sent) return false;
    if (count > this.acked) this.progressAt = now;
    this.acked = count;
    if (this.#markEnd >= 0 && count >= this.#markEnd) {
      this.#markEnd = -1;
      this.#fit(Math.max(now - this.#markAt, 0.01));
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

  /** A PING took `roundTrip` milliseconds; `clean` says that nothing was in flight when it left. */
  measured(roundTrip: number, clean: boolean, now: number): void {
    clean ||= this.#pause === "measure";
    this.#pause = "none";
    if (!clean && roundTrip >= this.roundTrip && this.#measurements.length > 0) return;
    this.#measuredAt = now;
    this.#measurements.push(roundTrip);
    if (this.#measurements.length > MEASUREMENTS) this.#measurements.shift();
  }

  /** A full budget took `roundTrip` milliseconds. */
  #fit(roundTrip: number): void {
    const own = this.roundTrip;
    this.#rate = this.budget / roundTrip;
    const target = own + Math.min(Math.max(own, SHORTEST_QUEUE), LONGEST_QUEUE);
    const step = Math.min(Math.max(target / roundTrip, 0.5), 2);
    this.budget = Math.min(Math.max(Math.round(this.budget * step), SMALLEST_BUDGET), LARGEST_BUDGET);
  }
}
