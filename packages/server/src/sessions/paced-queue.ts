/** Runs tasks in order, a few at a time, so that many tasks at once do not block the event loop. */
export class PacedQueue {
  readonly #perTurn: number;
  #waiting: (() => void)[] = [];
  #isScheduled = false;

  /** @param perTurn tasks that run in one turn of the event loop. */
  constructor(perTurn: number) {
    this.#perTurn = perTurn;
  }

  add(task: () => void): void {
    this.#waiting.push(task);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled || this.#waiting.length === 0) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      const due = this.#waiting.slice(0, this.#perTurn);
      this.#waiting = this.#waiting.slice(this.#perTurn);
      this.#schedule();
      for (const task of due) task();
    });
  }
}
