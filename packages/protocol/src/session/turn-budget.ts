/**
 * The work that one peer, or several peers together, may cause in one turn of the event loop. A session whose budget is
 * spent stops reading until a later turn.
 *
 * The budget is renewed only when a session waits for it. Work of several turns therefore adds up, and a peer that
 * stays below the limit pauses for one turn now and then. In return, a turn costs nothing.
 */
export class TurnBudget {
  readonly #size: number;
  readonly #schedule: (task: () => void) => void;
  #left: number;
  #waiting: (() => void)[] = [];
  #isScheduled = false;

  /** @param schedule runs a task at the end of the turn. */
  constructor(size: number, schedule: (task: () => void) => void) {
    this.#size = this.#left = size;
    this.#schedule = schedule;
  }

  get isSpent(): boolean {
    return this.#left <= 0;
  }

  spend(work: number): void {
    this.#left -= work;
  }

  /** Calls `resume` in a later turn with a new budget. Those that wait take turns. */
  wait(resume: () => void): void {
    this.#waiting.push(resume);
    this.#renewLater();
  }

  #renewLater(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#schedule(() => this.#renew());
  }

  #renew(): void {
    this.#isScheduled = false;
    this.#left = this.#size;
    const due = this.#waiting;
    this.#waiting = [];
    let resumed = 0;
    try {
      while (resumed < due.length && !this.isSpent) due[resumed++]?.();
    } finally {
      // A peer that has spent the budget again waits behind the others. After an error, the others do not wait forever.
      this.#waiting = due.slice(resumed).concat(this.#waiting);
      if (this.#waiting.length > 0) this.#renewLater();
    }
  }
}
