/** How many results in a row change a verdict. */
export interface VerdictOptions {
  readonly unhealthyAfter: number;
  readonly healthyAfter: number;
}

/** What health checks say about a target. Until its first result it is unknown, which counts as healthy. */
export class Verdict {
  state: "unknown" | "healthy" | "unhealthy" = "unknown";
  /** Why the last check failed; undefined if it did not. */
  fault: string | undefined;
  /** Whether it failed because no connection could be made. */
  isUnreachable = false;
  readonly #options: VerdictOptions;
  /** Results in a row that contradict the state. */
  #contrary = 0;

  constructor(options: VerdictOptions) {
    this.#options = options;
  }

  /** Whether the last results contradict the state, so that the next check should come soon. */
  get isInDoubt(): boolean {
    return this.#contrary > 0;
  }

  /** A check ended. @returns whether the target became healthy or unhealthy; a first success is no change */
  onResult(fault: string | undefined, isUnreachable = false): boolean {
    this.fault = fault;
    this.isUnreachable = isUnreachable;
    const isFailure = fault !== undefined;
    if (isFailure === (this.state === "unhealthy")) {
      this.#contrary = 0;
      if (!isFailure) this.state = "healthy";
      return false;
    }
    const { unhealthyAfter, healthyAfter } = this.#options;
    if (++this.#contrary < (isFailure ? unhealthyAfter : healthyAfter)) return false;
    this.#contrary = 0;
    this.state = isFailure ? "unhealthy" : "healthy";
    return true;
  }
}
