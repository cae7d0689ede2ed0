import { WORK_LIMITS } from "../limits.js";

const { controlBurst, controlRate } = WORK_LIMITS;

/** Limits the control messages of a peer with a token bucket. */
export class ControlRate {
  #tokens: number = controlBurst;
  #refilledAt: number;

  /** @param now milliseconds of a monotonic clock. */
  constructor(now: number) {
    this.#refilledAt = now;
  }

  /** Counts a message. Returns false when it exceeds the rate. */
  take(now: number): boolean {
    this.#tokens = Math.min(controlBurst, this.#tokens + ((now - this.#refilledAt) / 1000) * controlRate);
    this.#refilledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
