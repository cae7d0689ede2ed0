/** Times are in milliseconds. */
export interface EjectionOptions {
  /** Failures in a row after which a target is ejected. */
  readonly failures: number;
  /** The first ejection. Each further one without a success between them takes as much longer. */
  readonly time: number;
}

/** The longest ejection, as a multiple of the first one. */
const LONGEST = 10;

/** Whether one target of a pool gets no requests because the last ones have failed. */
export class Ejection {
  readonly #options: EjectionOptions;
  #mayEject: (now: number) => boolean;
  #failures = 0;
  /** Responses that have broken off since the last complete one. */
  #breakOffs = 0;
  /** Ejections since the last success, after which no response has broken off. */
  #count = 0;
  #until = -Infinity;

  /** @param mayEject whether the pool allows that another of its targets is ejected */
  constructor(options: EjectionOptions, mayEject: (now: number) => boolean) {
    this.#options = options;
    this.#mayEject = mayEject;
  }

  /** Another pool has the target from now on. */
  belongsTo(mayEject: (now: number) => boolean): void {
    this.#mayEject = mayEject;
  }

  /** Whether it has been ejected since its last success, so that the time matters. */
  get wasEjected(): boolean {
    return this.#count > 0;
  }

  isEjectedAt(now: number): boolean {
    return now < this.#until;
  }

  /** A response begins. @returns whether the target has recovered from an ejection */
  onSuccess(): boolean {
    this.#failures = 0;
    return this.#recover();
  }

  /** A response is complete. @returns whether the target has recovered from an ejection */
  onComplete(): boolean {
    this.#breakOffs = 0;
    return this.#recover();
  }

  /** @returns whether the target is ejected because of this failure */
  onFailure(now: number): boolean {
    this.#failures++;
    return this.#eject(now);
  }

  /** A response breaks off that was a success when it began. @returns whether the target is ejected because of it */
  onBreakOff(now: number): boolean {
    this.#breakOffs++;
    return this.#eject(now);
  }

  #recover(): boolean {
    if (this.#count === 0 || this.#failures > 0 || this.#breakOffs > 0) return false;
    this.#count = 0;
    this.#until = -Infinity;
    return true;
  }

  #eject(now: number): boolean {
    const { failures, time } = this.#options;
    const isOver = this.#failures + this.#breakOffs >= failures;
    if (!isOver || this.isEjectedAt(now) || !this.#mayEject(now)) return false;
    this.#count = Math.min(this.#count + 1, LONGEST);
    this.#until = now + time * this.#count;
    // The first failure after the ejection is enough for the next one.
    this.#failures = failures - 1;
    return true;
  }
}
