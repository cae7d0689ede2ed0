import type { BreakerOptions, BreakerState } from "./circuit-breaker.js";

/** A circuit breaker that keeps every attempt and result, and derives everything else from them. */
export class BreakerTwin {
  readonly #options: BreakerOptions;
  #state: BreakerState = "closed";
  #changedAt = 0;
  /** The state changes so far. */
  #changes = 0;
  /** Attempts in progress, with the number of changes before each. */
  readonly #attempts: number[] = [];
  /** Tests in progress that keep others from being admitted, and when the latest began. */
  #tests = 0;
  #testedAt = 0;
  /** Results since the last change. */
  #results: { isSuccess: boolean; at: number }[] = [];

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  stateAt(now: number): BreakerState {
    if (this.#state === "open" && now >= this.#changedAt + this.#options.recovery) this.#become("half_open", now);
    return this.#state;
  }

  admitsAt(now: number): boolean {
    const state = this.stateAt(now);
    if (state !== "half_open") return state === "closed";
    return this.#hasRoom || now - this.#testedAt >= this.#options.recovery;
  }

  get #hasRoom(): boolean {
    return this.#tests + this.#results.length < this.#options.successes;
  }

  begin(now: number): void {
    this.stateAt(now);
    this.#attempts.push(this.#changes);
    this.#tests = this.#hasRoom ? this.#tests + 1 : 1;
    this.#testedAt = now;
  }

  /** The attempt at this position in the order of their beginning ends. @param isSuccess undefined: without a result */
  end(position: number, isSuccess: boolean | undefined, now: number): void {
    const [changes] = this.#attempts.splice(position, 1);
    if (this.stateAt(now) === "open" || changes !== this.#changes) return;
    this.#tests = Math.max(0, this.#tests - 1);
    if (isSuccess === undefined) return;
    this.#results.push({ isSuccess, at: now });
    const { failures, window, minRequests, ratio, successes } = this.#options;
    if (this.#state === "half_open") {
      if (!isSuccess) this.#become("open", now);
      else if (this.#results.length >= successes) this.#become("closed", now);
      return;
    }
    // The window moves in tenths.
    const part = window / 10;
    const recent = this.#results.filter(({ at }) => Math.floor(at / part) > Math.floor(now / part) - 10);
    const failed = recent.filter((each) => !each.isSuccess).length;
    const isOver = failed >= failures && recent.length >= minRequests && failed >= ratio * recent.length;
    if (!isSuccess && isOver) this.#become("open", now);
  }

  #become(state: BreakerState, now: number): void {
    this.#state = state;
    this.#changedAt = now;
    this.#changes++;
    this.#tests = 0;
    this.#results = [];
  }
}
