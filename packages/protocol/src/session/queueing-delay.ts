/** Of how many measurements the best counts. */
const MEASUREMENTS = 3;

/**
 * How long the path to the peer takes without any queue of ours, and how long our queue makes it.
 *
 * Only the way there counts: what the peer's own data does to the way back is not our doing. So the peer says when, by its clock, our bytes
 * arrived. The two clocks have nothing to do with each other; but how one arrival compares with the next tells what the queue added.
 */
export class PathDelay {
  /**
   * The path's own round trip in milliseconds; 0 while unknown. It is the shortest seen, since others had the peer's queue in them; but when
   * the way there, which never has, becomes longer, the round trip does by as much at least.
   */
  roundTrip = 0;
  /** The latest measurements of the way there, in milliseconds, with an unknown constant in them. */
  readonly #ways: number[] = [];
  /** What the first way was: ways are told relative to it, so that a clock's wrap does no harm. */
  #reference: number | undefined;

  get known(): boolean {
    return this.#ways.length > 0;
  }

  /** A PING that left at `sentAt` (milliseconds) arrived by the peer's clock at `clock` (microseconds, 32 bits), and was answered after `roundTrip`. */
  measure(sentAt: number, clock: number, roundTrip: number): void {
    const before = Math.min(...this.#ways);
    this.#ways.push(this.#way(sentAt, clock));
    if (this.#ways.length > MEASUREMENTS) this.#ways.shift();
    const longer = Math.min(...this.#ways) - before;
    this.roundTrip = this.#ways.length === 1 ? roundTrip : Math.min(this.roundTrip + Math.max(longer, 0), roundTrip);
  }

  /** How many milliseconds longer than the path itself something took that left at `sentAt` and arrived at `clock`. */
  queue(sentAt: number, clock: number): number {
    return this.known ? Math.max(this.#way(sentAt, clock) - Math.min(...this.#ways), 0) : 0;
  }

  #way(sentAt: number, clock: number): number {
    const way = (clock - Math.floor(sentAt * 1000)) | 0;
    this.#reference ??= way;
    return ((way - this.#reference) | 0) / 1000;
  }
}
