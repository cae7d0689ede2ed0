/** Does work that came all at once a little in each turn of the event loop, so that everything else has its turns between. */
export class Turns {
  readonly #perTurn: number;
  #waiting: (() => void)[] = [];
  #scheduled = false;

  constructor(perTurn: number) {
    this.#perTurn = perTurn;
  }

  /** Runs `task` soon, in the order in which tasks came. */
  add(task: () => void): void {
    this.#waiting.push(task);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled || this.#waiting.length === 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      const due = this.#waiting.slice(0, this.#perTurn);
      this.#waiting = this.#waiting.slice(this.#perTurn);
      this.#schedule();
      for (const task of due) task();
    });
  }
}
