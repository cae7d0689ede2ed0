/** The shortest time over which a rate is measured, in milliseconds. */
const PERIOD = 100;

/** The rate at which the peer receives bytes, in bytes per millisecond, over the last complete period. */
export class DeliveryRate {
  /** 0 until the first period is complete. */
  value = 0;
  #count = 0;
  #since = -Infinity;

  /** The peer has received `count` bytes in total at `now`. */
  add(count: number, now: number): void {
    const elapsed = now - this.#since;
    if (elapsed < PERIOD) return;
    this.value = (count - this.#count) / elapsed;
    this.#count = count;
    this.#since = now;
  }
}
