import type { Clock } from "../deadlines/clock.js";
import { Epochs } from "./epochs.js";
import { RecentCount } from "./recent-count.js";

/** Times are in milliseconds. */
export interface BreakerOptions {
  /** Failures within `window` that open the circuit. */
  readonly failures: number;
  readonly window: number;
  /** Requests within `window` below which it does not open. */
  readonly minRequests: number;
  /** The part of the requests within `window` that must have failed, 0 to 1. */
  readonly ratio: number;
  /** How long the circuit stays open before requests test the target. */
  readonly recovery: number;
  /** Successes in a row that close the circuit again, and test requests at the same time. */
  readonly successes: number;
}

export type BreakerState = "closed" | "open" | "half_open";

/** The window is divided into this many parts. */
const PARTS = 10;

/**
 * Keeps requests away from a target that fails, and tests it with a few requests after a while.
 *
 *     closed ──failures──► open ──recovery──► half_open ──successes──► closed
 *                            ▲────────a failure────────┘
 *
 * An open circuit becomes half open when the first test begins. The results of attempts that began before the last
 * change do not count. Methods return whether the state has changed.
 *
 * Tests can take any time, as a visitor may send its request slowly. If all tests are in progress for as long as the
 * recovery takes, they no longer keep others from being admitted.
 */
export class CircuitBreaker {
  readonly #options: BreakerOptions;
  readonly #clock: Clock;
  readonly #epochs: Epochs;
  /** The epoch that the last change began. */
  #since = 0;
  #state: BreakerState = "closed";
  /** When an open circuit admits tests. */
  #opensUntil = 0;
  /** Attempts that began while it is half open, without those that were given up, and those that succeeded. */
  #tests = 0;
  #successes = 0;
  /** When the latest of them began. */
  #testedAt = 0;
  readonly #requests: RecentCount;
  readonly #failures: RecentCount;

  /** @param epochs those of the target. Default: its own */
  constructor(options: BreakerOptions, clock: Clock, epochs = new Epochs()) {
    this.#options = options;
    this.#clock = clock;
    this.#epochs = epochs;
    this.#requests = new RecentCount(options.window, PARTS);
    this.#failures = new RecentCount(options.window, PARTS);
  }

  get state(): BreakerState {
    return this.#state === "open" && this.#clock.now() >= this.#opensUntil ? "half_open" : this.#state;
  }

  /** Whether a request may be sent to the target now. */
  get admits(): boolean {
    if (this.#state === "closed") return true;
    if (this.state === "open") return false;
    const { successes, recovery } = this.#options;
    return this.#tests < successes || this.#clock.now() - this.#testedAt >= recovery;
  }

  /** Milliseconds until an open circuit admits a request. */
  get retryIn(): number {
    return this.#state === "open" ? Math.max(0, this.#opensUntil - this.#clock.now()) : 0;
  }

  /** An attempt begins. The epoch of its results is the one after this call. */
  onBegin(): boolean {
    if (this.#state === "closed" || this.state === "open") return false;
    const isFirst = this.#state === "open" && this.#become("half_open");
    if (this.#tests >= this.#options.successes) this.#tests = this.#successes;
    this.#tests++;
    this.#testedAt = this.#clock.now();
    return isFirst;
  }

  /** The result of an attempt, when its response begins or it fails. */
  onResult(isSuccess: boolean, epoch: number, now: number): boolean {
    if (epoch < this.#since) return false;
    return this.#state === "half_open" ? this.#onTest(isSuccess, now) : this.#count(isSuccess, now);
  }

  /** A response breaks off that was a success when it began. */
  onBreakOff(epoch: number, now: number): boolean {
    if (epoch < this.#since) return false;
    return this.#state === "half_open" ? this.#open(now) : this.#countFailure(now);
  }

  /** An attempt ended without showing anything about the target: its visitor left. */
  onNoResult(epoch: number): void {
    if (epoch >= this.#since && this.#state === "half_open") this.#tests = Math.max(this.#successes, this.#tests - 1);
  }

  #onTest(isSuccess: boolean, now: number): boolean {
    if (!isSuccess) return this.#open(now);
    this.#tests = Math.max(this.#tests, ++this.#successes);
    return this.#successes >= this.#options.successes && this.#become("closed");
  }

  #count(isSuccess: boolean, now: number): boolean {
    this.#requests.add(now);
    return !isSuccess && this.#countFailure(now);
  }

  #countFailure(now: number): boolean {
    const { failures, minRequests, ratio } = this.#options;
    this.#failures.add(now);
    const failed = this.#failures.totalAt(now);
    const all = this.#requests.totalAt(now);
    return failed >= failures && all >= minRequests && failed >= ratio * all && this.#open(now);
  }

  #open(now: number): boolean {
    this.#opensUntil = now + this.#options.recovery;
    return this.#become("open");
  }

  #become(state: BreakerState): true {
    this.#state = state;
    this.#since = this.#epochs.begin();
    this.#tests = this.#successes = 0;
    this.#requests.clear();
    this.#failures.clear();
    return true;
  }
}
