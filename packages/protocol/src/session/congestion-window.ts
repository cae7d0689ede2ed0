import { DeliveryRate } from "./delivery-rate.js";
import { QueueingDelay } from "./queueing-delay.js";

/** Smallest, largest and initial congestion window, in bytes. */
const SMALLEST = 4 * 1024;
const LARGEST = 16 * 1024 * 1024;
const INITIAL = 64 * 1024;
/**
 * The most that a path can need: some bytes for the turns of both processes, and for each millisecond of its round trip
 * what 4 Gbit/s carry. Without this limit, the window of a connection within one machine grows until all buffers of the
 * kernel are full, because its queue is empty now and then.
 */
const LARGEST_AT_ONCE = 256 * 1024;
const LARGEST_PER_MS = 512 * 1024;
/** The bytes for the turns while one stream sends alone: fewer, longer turns cost less, and nobody waits for them. */
const LARGEST_ALONE = 1024 * 1024;
/** A stream sends alone if no other stream has sent for this many milliseconds. */
const ALONE_AFTER = 1_000;
/**
 * Bulk data waits while less room than this is left, in bytes: in a small window, so that its frames do not become too
 * small; in a large one, whose path is fast, until there is room for a whole read. Otherwise every ACK there makes room
 * for a message of a few kilobytes, and both sides spend more time on messages than on bytes.
 */
const MIN_ROOM = 1024;
const ROOM_FOR_READ = 64 * 1024;
/** Bulk data may add queueing delay of one round trip, within these bounds in milliseconds. */
const SHORTEST_QUEUE = 2;
const LONGEST_QUEUE = 50;
/** After this many rounds in a row without a queue, the window doubles: the path may have become faster. */
const FREE_ROUNDS = 3;
/** Milliseconds between measurements of the path under load, normally and while the last measurement is suspect. */
const MEASURE_INTERVAL = 10_000;
const SUSPECT_INTERVAL = 1_000;

/**
 * Limits the bytes that a session has in flight, and how many of them may be bulk data: PROTOCOL.md, section 6. Bytes
 * in socket buffers delay everything behind them. No socket reports how many there are; the peer's ACKs do.
 */
export class CongestionWindow {
  /** Bytes of sequenced frames sent since the session began, the current batch included. */
  sent = 0;
  /** Bytes the peer has acknowledged. */
  acknowledged = 0;
  /** Bytes that may be in flight before bulk data waits. */
  size = INITIAL;
  /** When `acknowledged` last grew, or when bytes were first sent after everything was acknowledged. */
  progressAt = 0;
  /** When `acknowledged` last grew. */
  acknowledgedAt = -Infinity;

  /** When two streams last sent one after the other. */
  #sharedAt = -Infinity;

  readonly #delay = new QueueingDelay();
  readonly #rate = new DeliveryRate();
  #measuredAt = 0;
  /**
   * Why bulk data waits for a measurement of the path: `drain`, the bytes in flight have to arrive first; `measure`,
   * the PING has been sent, and its PONG has not arrived.
   */
  #pause: "none" | "drain" | "measure" = "none";
  /** The value of `sent` when the drain began. Small responses continue, so the path may never be empty. */
  #drainEnd = 0;
  /** Whether the window has held bulk data back since the last call of `shouldMeasure`. */
  #limited = false;
  /**
   * Whether the last measurement may be out of date: the window has its minimum size and a queue remains, so the path
   * or a machine may have become slower.
   */
  #suspect = false;
  /** The value of `sent` when an ACK was last requested. */
  #requestedAt = 0;

  /** Messages in flight that requested an ACK: their delays show the queue. */
  readonly #marks: { end: number; at: number }[] = [];
  /** The round ends when this count is acknowledged; -1 when no round has begun. */
  #roundEnd = -1;
  /** The shortest delay in the round. A standing queue delays every message; a burst or a busy processor only some. */
  #shortestQueue = Infinity;
  /** What held bulk data back in this round; `other` is a stream's window or the socket. */
  #held: "nothing" | "other" | "window" = "nothing";
  /** The most bytes in flight in this round. */
  #peak = 0;
  /** Rounds in a row without a queue. Starts at the threshold: the window doubles until the first queue. */
  #freeRounds = FREE_ROUNDS;

  get inFlight(): number {
    return this.sent - this.acknowledged;
  }

  /** Milliseconds without any new acknowledgement while bytes wait for one; 0 when no bytes wait. */
  unacknowledgedFor(now: number): number {
    return this.inFlight > 0 ? now - this.progressAt : 0;
  }

  /** The path's own round trip in milliseconds; 0 while unknown. */
  get baseRtt(): number {
    return this.#delay.baseRtt;
  }

  /** Bytes of bulk data that may be sent now. */
  room(): number {
    if (this.#pause !== "none") return 0;
    const room = this.size - this.inFlight;
    if (room >= this.#needed) return room;
    this.#limited = true;
    this.#held = "window";
    return 0;
  }

  /** Call it when a stream's window or the socket holds bulk data back: then the window may be too large. */
  heldElsewhere(): void {
    if (this.#held === "nothing") this.#held = "other";
  }

  /** Call it when another stream sends than before. */
  streamChanged(now: number): void {
    this.#sharedAt = now;
  }

  /**
   * Call it when a batch is sent, after it was counted in `sent`. `before` is the value of `sent` when the batch began.
   * @returns whether the batch should request an ACK at once.
   */
  leave(before: number, now: number): boolean {
    if (before === this.acknowledged) this.progressAt = now;
    if (this.inFlight > this.#peak) this.#peak = this.inFlight;
    const full = this.inFlight + this.#needed > this.size && this.#marks.length === 0;
    if (!full && this.sent - this.#requestedAt < this.size / 4) return false;
    this.#requestedAt = this.sent;
    this.#marks.push({ end: this.sent, at: now });
    if (this.#roundEnd < 0) this.#roundEnd = this.sent;
    return true;
  }

  /**
   * Call it when an ACK arrives: the peer has received `count` bytes in total, the last of them at `clock` on its own
   * clock.
   * @returns false when `count` is out of range.
   */
  acknowledge(count: number, clock: number, now: number): boolean {
    if (count < this.acknowledged || count > this.sent) return false;
    if (count > this.acknowledged) this.progressAt = this.acknowledgedAt = now;
    this.acknowledged = count;
    let mark: { at: number } | undefined;
    while (this.#marks.length > 0 && (this.#marks[0] as { end: number }).end <= count) mark = this.#marks.shift();
    if (mark !== undefined) {
      this.#delay.acknowledged(now - mark.at);
      this.#shortestQueue = Math.min(this.#shortestQueue, this.#delay.of(mark.at, clock));
    }
    if (this.#roundEnd >= 0 && count >= this.#roundEnd) this.#finishRound(now);
    return true;
  }

  /** Whether a PING should measure the path now. Call it regularly and after each ACK. */
  shouldMeasure(now: number): boolean {
    const interval = this.#suspect ? SUSPECT_INTERVAL : MEASURE_INTERVAL;
    const begins = this.#pause === "none" && this.#limited && now - this.#measuredAt > interval;
    this.#limited = false;
    if (begins) {
      this.#pause = "drain";
      this.#drainEnd = this.sent;
      // The last bytes sent may not have requested an ACK; the response to a PING carries one.
      if (this.#requestedAt < this.sent && this.inFlight > 0) return true;
    }
    if (this.#pause !== "drain" || this.acknowledged < this.#drainEnd) return false;
    this.#pause = "measure";
    return true;
  }

  /**
   * The PONG to a PING sent at `sentAt` arrived at `now`. The PING arrived at `clock`. `pathIdle`: nothing was in
   * flight when the PING was sent.
   */
  measured(sentAt: number, clock: number, pathIdle: boolean, now: number): void {
    const known = this.#delay.known && this.#pause !== "measure";
    if (this.#pause === "measure") {
      // The pause emptied the path, so this round does not show whether the window fits.
      this.#beginRound(0);
      this.#pause = "none";
    }
    if (!pathIdle && known) return;
    this.#suspect = false;
    this.#measuredAt = now;
    this.#delay.measure(sentAt, clock, now - sentAt);
    this.#resize(this.size, now);
  }

  /** Bulk data waits while less room than this is left. */
  get #needed(): number {
    return this.size < LARGEST_AT_ONCE ? MIN_ROOM : ROOM_FOR_READ;
  }

  /** Adapts the window to the queue of this round, if bulk data had to wait. */
  #finishRound(now: number): void {
    this.#rate.add(this.acknowledged, now);
    if (this.#held !== "nothing") this.#resize(this.#fitted(), now);
    this.#beginRound(this.inFlight);
  }

  #resize(size: number, now: number): void {
    const { known, baseRtt } = this.#delay;
    const atOnce = now - this.#sharedAt < ALONE_AFTER ? LARGEST_AT_ONCE : LARGEST_ALONE;
    const largest = known ? Math.min(atOnce + LARGEST_PER_MS * baseRtt, LARGEST) : LARGEST;
    this.size = Math.round(Math.min(Math.max(size, SMALLEST), largest));
  }

  #beginRound(bytes: number): void {
    this.#held = "nothing";
    this.#peak = bytes;
    this.#shortestQueue = Infinity;
    this.#roundEnd = bytes > 0 ? this.sent : -1;
  }

  #fitted(): number {
    const base = this.#delay.baseRtt;
    const queue = this.#shortestQueue;
    const allowed = Math.min(Math.max(base, SHORTEST_QUEUE), LONGEST_QUEUE);
    if (queue < allowed / 2) {
      if (this.#held !== "window") return this.size;
      // Without a queue, the path can carry more; after some rounds without one, probably much more.
      return this.size * (++this.#freeRounds > FREE_ROUNDS ? 2 : 1.25);
    }
    this.#freeRounds = 0;
    if (queue <= allowed) return this.size;
    this.#suspect ||= this.size === SMALLEST;
    const share = Math.max((base + allowed) / (base + queue), 0.5);
    // What the path carries within the allowed time does not queue. A busy processor delays a round, too, but the rate
    // over a longer time shows the path.
    const carried = Math.min(this.#rate.value * (base + allowed), this.size);
    if (this.#held === "window") return Math.max(this.size * share, carried);
    // The bytes in flight caused the queue, and the window may be much larger. If it becomes the limit, it shrinks on.
    return Math.min(this.size, Math.max(this.#peak * share, carried, INITIAL));
  }
}
