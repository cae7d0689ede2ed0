/** The lowest of this many measurements is used. */
const MEASUREMENTS = 3;

/**
 * Measures the path's round trip without queueing, and the delay that our own queue adds to it.
 *
 * Only the direction to the peer counts. Data that the peer sends may queue in the other direction, and sending less
 * would not help. So the peer reports, by its own clock, when our bytes arrived. The two clocks share no zero point,
 * but the differences between arrivals show the delay that the queue adds.
 */
export class QueueingDelay {
  /**
   * The path's own round trip in milliseconds; 0 while unknown. It is the shortest one measured, because longer ones
   * include the peer's queue or a busy processor. When the one-way delay has grown, it is raised by the same amount,
   * because the path may have become longer.
   */
  baseRtt = 0;
  /** The latest one-way delays in milliseconds, each with the same unknown offset between the clocks. */
  readonly #oneWayDelays: number[] = [];
  /** The first one-way delay. Later ones are relative to it, so that the 32-bit clock may wrap. */
  #reference: number | undefined;

  get known(): boolean {
    return this.#oneWayDelays.length > 0;
  }

  /**
   * Adds the measurement of a PING that was sent at `sentAt` (milliseconds) and arrived at `clock` (the peer's clock,
   * microseconds, 32 bits), and whose PONG arrived after `roundTrip` milliseconds.
   */
  measure(sentAt: number, clock: number, roundTrip: number): void {
    const before = Math.min(...this.#oneWayDelays);
    this.#oneWayDelays.push(this.#oneWayDelay(sentAt, clock));
    if (this.#oneWayDelays.length > MEASUREMENTS) this.#oneWayDelays.shift();
    const growth = Math.max(Math.min(...this.#oneWayDelays) - before, 0);
    this.baseRtt = this.#oneWayDelays.length === 1 ? roundTrip : Math.min(this.baseRtt + growth, roundTrip);
  }

  /** An ACK arrived `roundTrip` milliseconds after the message that requested it was sent. */
  acknowledged(roundTrip: number): void {
    if (roundTrip < this.baseRtt) this.baseRtt = roundTrip;
  }

  /** Milliseconds that a message sent at `sentAt` spent in a queue before it arrived at `clock`. */
  of(sentAt: number, clock: number): number {
    return this.known ? Math.max(this.#oneWayDelay(sentAt, clock) - Math.min(...this.#oneWayDelays), 0) : 0;
  }

  #oneWayDelay(sentAt: number, clock: number): number {
    const delay = (clock - Math.floor(sentAt * 1000)) | 0;
    this.#reference ??= delay;
    return ((delay - this.#reference) | 0) / 1000;
  }
}
