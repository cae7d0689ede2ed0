import { TURN_END, type TurnTask } from "@postern/net";

/** How many turns' work may wait for later turns. It is less work altogether than with threads, so it ends sooner. */
const MOST_WAITING = 12;

interface Deferred {
  readonly amount: number;
  readonly run: () => void;
}

/** Work that is done on the event loop: a limited amount in each turn, so that everything else is served in between. */
export class TurnBudget implements TurnTask {
  readonly #most: number;
  readonly #atTurnEnd: (task: TurnTask) => void;
  readonly #deferred: Deferred[] = [];
  #used = 0;
  #waiting = 0;
  #awaitsTurnEnd = false;

  /** @param most work in a turn */
  constructor(most: number, atTurnEnd: (task: TurnTask) => void = TURN_END.add) {
    this.#most = most;
    this.#atTurnEnd = atTurnEnd;
  }

  /**
   * Runs work: now, or in one of the next turns. It must not throw.
   * @returns false if so much work waits that it has to be done elsewhere
   */
  run(amount: number, run: () => void): boolean {
    if (this.#deferred.length === 0 && this.#used + amount <= this.#most) {
      this.#take(amount);
      run();
      return true;
    }
    if (amount > this.#most || this.#waiting + amount > MOST_WAITING * this.#most) return false;
    this.#deferred.push({ amount, run });
    this.#waiting += amount;
    this.#awaitTurnEnd();
    return true;
  }

  onTurnEnd(): void {
    this.#awaitsTurnEnd = false;
    this.#used = 0;
    for (let next = this.#deferred[0]; next !== undefined; next = this.#deferred[0]) {
      if (this.#used + next.amount > this.#most) break;
      this.#deferred.shift();
      this.#waiting -= next.amount;
      this.#take(next.amount);
      next.run();
    }
    if (this.#deferred.length > 0) this.#awaitTurnEnd();
  }

  #take(amount: number): void {
    this.#used += amount;
    if (amount > 0) this.#awaitTurnEnd();
  }

  #awaitTurnEnd(): void {
    if (this.#awaitsTurnEnd) return;
    this.#awaitsTurnEnd = true;
    this.#atTurnEnd(this);
  }
}
