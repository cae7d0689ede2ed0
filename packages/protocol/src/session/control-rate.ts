/** Messages that may arrive at once, and messages per second in the long run: PROTOCOL.md, section 4. */
const BURST = 256;
const PER_SECOND = 50;

/** Limits the control messages of a peer with a token bucket. */
export class ControlRate {
  #tokens = BURST;
  #refilledAt: number;

  /** @param now milliseconds of a monotonic clock. */
  constructor(now: number) {
    this.#refilledAt = now;
  }

  /** Counts a message. Returns false when it exceeds the rate. */
  take(now: number): boolean {
    this.#tokens = Math.min(BURST, this.#tokens + ((now - this.#refilledAt) / 1000) * PER_SECOND);
    this.#refilledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
