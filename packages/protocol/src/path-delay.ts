/** Of how many measurements the best counts. */
const MEASUREMENTS = 3;

/**
 * How long the path to the peer takes without any queue of ours, and how long our queue makes it.
 *
 * Only the way there counts: what the peer's own data does to the way back is not our doing. So the peer says when, by its clock, our bytes
 * arrived. The two clocks have nothing to do with each other; but how one arrival compares with the next tells what the queue added.
 */
export class PathDelay {
  /** Round trip and way there, in milliseconds, of the latest measurements. The way there has an unknown constant in it. */
  readonly #measurements: { roundTrip: number; way: number }[] = [];
  /** What the first way was: ways are told relative to it, so that a clock's wrap does no harm. */
  #reference: number | undefined;

  /** The path's own round trip in milliseconds; 0 while unknown. */
  get roundTrip(): number {
    return this.#best(({ roundTrip }) => roundTrip) ?? 0;
  }

  get known(): boolean {
    return this.#measurements.length > 0;
  }

  /** A PING that left at `sentAt` (milliseconds) arrived by the peer's clock at `clock` (microseconds, 32 bits), and was answered after `roundTrip`. */
  measure(sentAt: number, clock: number, roundTrip: number): void {
    this.#measurements.push({ roundTrip, way: this.#way(sentAt, clock) });
    if (this.#measurements.length > MEASUREMENTS) this.#measurements.shift();
  }

  /** The way is not what it was. Round trips are left alone: in them is what the peer's data does to the way back. */
  forgetWay(): void {
    for (const measurement of this.#measurements) measurement.way = Infinity;
  }

  /** How many milliseconds longer than the path itself something took that left at `sentAt` and arrived at `clock`. */
  queue(sentAt: number, clock: number): number {
    const way = this.#way(sentAt, clock);
    return Math.max(way - (this.#best((measurement) => measurement.way) ?? way), 0);
  }

  #way(sentAt: number, clock: number): number {
    const way = (clock - Math.floor(sentAt * 1000)) | 0;
    this.#reference ??= way;
    return ((way - this.#reference) | 0) / 1000;
  }

  #best(value: (measurement: { roundTrip: number; way: number }) => number): number | undefined {
    return this.known ? Math.min(...this.#measurements.map(value)) : undefined;
  }
}
