import { TURN_END, type TurnTask } from "@postern/net";

/** Work that may be done at once in one turn of the event loop. What exceeds it has to be done elsewhere, or later. */
export class TurnBudget implements TurnTask {
  readonly #most: number;
  readonly #atTurnEnd: (task: TurnTask) => void;
  #used = 0;

  constructor(most: number, atTurnEnd: (task: TurnTask) => void = TURN_END.add) {
    this.#most = most;
    this.#atTurnEnd = atTurnEnd;
  }

  /** @returns false if there is no room for it in this turn */
  take(amount: number): boolean {
    if (this.#used + amount > this.#most) return false;
    if (this.#used === 0 && amount > 0) this.#atTurnEnd(this);
    this.#used += amount;
    return true;
  }

  onTurnEnd(): void {
    this.#used = 0;
  }
}
