import { runAll } from "../run-all.js";

/** Something that is done at the end of a turn of the event loop. */
export interface TurnTask {
  onTurnEnd(): void;
}

/** Tasks that run when this turn of the event loop ends: after everything that has arrived by now was read. */
export class TurnEnd {
  readonly #schedule: (task: () => void) => void;
  #tasks: TurnTask[] = [];

  /** @param schedule runs a task at the end of the turn. Called once for all tasks of a turn. */
  constructor(schedule: (task: () => void) => void) {
    this.#schedule = schedule;
  }

  /** Calls `task` once when this turn ends. A task that is added meanwhile runs at the end of the next turn. */
  readonly add = (task: TurnTask): void => {
    if (this.#tasks.push(task) === 1) this.#schedule(this.#run);
  };

  readonly #run = (): void => {
    const due = this.#tasks;
    this.#tasks = [];
    runAll(due, endTurn, this.add);
  };
}

function endTurn(task: TurnTask): void {
  task.onTurnEnd();
}

/** The tasks of this process. */
export const TURN_END = new TurnEnd((task) => void setImmediate(task));
