import type { Epochs } from "./epochs.js";
import type { OutlierOptions } from "./outliers.js";
import { RecentResults } from "./recent-results.js";

/** Times are in milliseconds. */
export interface EjectionOptions {
  /** Failures in a row after which a target is ejected. 0: they are no reason. */
  readonly failures: number;
  /** The first ejection. Each further one takes as much longer, until the target has shown that it works. */
  readonly time: number;
  /** When a target is ejected because it differs from the others. Default: never. */
  readonly outliers?: OutlierOptions | undefined;
}

/** The longest ejection, as a multiple of the first one. */
const LONGEST = 10;

/**
 * Whether one target of a pool gets no requests for a while: its last requests have failed, or it is an outlier among
 * the pool's targets. It has shown that it works by a success after the former, and by a comparison after the latter.
 * The results of attempts that began before the last ejection do not count.
 */
export class Ejection {
  /** For comparisons with other targets; undefined: there are none. */
  readonly recent: RecentResults | undefined;
  readonly #options: EjectionOptions;
  readonly #epochs: Epochs;
  /** The epoch that the last ejection began. */
  #since = 0;
  /** Failures since the last success. */
  #failures = 0;
  /** Responses that have broken off since the last complete one. */
  #breakOffs = 0;
  /** Ejections since the target has shown that it works. */
  #count = 0;
  /** Whether the last ejection was for an outlier. */
  #isOutlier = false;
  /** When the last ejection ends; -Infinity if the target has recovered from it. */
  #until = -Infinity;

  constructor(options: EjectionOptions, epochs: Epochs) {
    const { outliers } = options;
    this.#options = options;
    this.#epochs = epochs;
    this.recent = outliers && new RecentResults(outliers.window, outliers.minRequests);
  }

  /** Whether it has been ejected since it last recovered, so that the time matters. */
  get wasEjected(): boolean {
    return this.#until !== -Infinity;
  }

  isEjectedAt(now: number): boolean {
    return now < this.#until;
  }

  /** A response begins after `elapsed` ms. @returns whether the target has recovered from an ejection */
  onSuccess(elapsed: number, epoch: number, now: number): boolean {
    if (epoch < this.#since) return false;
    this.recent?.onSuccess(elapsed, now);
    this.#failures = 0;
    return this.#recovers(now);
  }

  /** A response is complete. @returns whether the target has recovered from an ejection */
  onComplete(epoch: number, now: number): boolean {
    if (epoch < this.#since) return false;
    this.#breakOffs = 0;
    return this.#recovers(now);
  }

  /** @returns whether the target is to be ejected because of this failure */
  onFailure(epoch: number, now: number): boolean {
    if (epoch < this.#since) return false;
    this.recent?.onFailure(now);
    this.#failures++;
    return this.#isOver;
  }

  /** A response breaks off that was a success when it began. @returns as `onFailure` */
  onBreakOff(epoch: number, now: number): boolean {
    if (epoch < this.#since) return false;
    this.recent?.onBreakOff(now);
    this.#breakOffs++;
    return this.#isOver;
  }

  /** A comparison shows that the target is no outlier. */
  onInlier(): void {
    if (this.#isOutlier) this.#count = 0;
  }

  eject(now: number, isOutlier: boolean): void {
    const { failures, time } = this.#options;
    this.#count = Math.min(this.#count + 1, LONGEST);
    this.#isOutlier = isOutlier;
    this.#until = now + time * this.#count;
    this.#since = this.#epochs.begin();
    this.recent?.clear();
    if (isOutlier) this.#failures = this.#breakOffs = 0;
    // The first failure after the ejection is enough for the next one.
    else this.#failures = failures - 1;
  }

  #recovers(now: number): boolean {
    if (!this.wasEjected || this.#failures > 0 || this.#breakOffs > 0) return false;
    // One success of an outlier says nothing; that it gets requests again does.
    if (this.#isOutlier && this.isEjectedAt(now)) return false;
    if (!this.#isOutlier) this.#count = 0;
    this.#until = -Infinity;
    return true;
  }

  get #isOver(): boolean {
    const { failures } = this.#options;
    return failures > 0 && this.#failures + this.#breakOffs >= failures;
  }
}
