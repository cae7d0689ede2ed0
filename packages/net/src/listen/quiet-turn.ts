import { runAll } from "../run-all.js";

/** The longest delay of a task, in turns. A turn in which connections are accepted takes about 0.1 ms. */
const MOST_TURNS = 4;

/**
 * Runs tasks at the end of this turn of the event loop, or of a later one while connections are accepted. Node.js
 * accepts one connection in each turn. A session that sends its frames at the end of each turn would therefore send one
 * message for each new connection, however many connections wait.
 */
export class QuietTurn {
  readonly #schedule: (task: () => void) => void;
  #tasks: (() => void)[] = [];
  #isScheduled = false;
  #hasAccepted = false;
  /** Turns for which the tasks have waited. */
  #turns = 0;

  /** @param schedule runs a task at the end of the turn. */
  constructor(schedule: (task: () => void) => void) {
    this.#schedule = schedule;
  }

  /** Call it when a connection is accepted. */
  onAccepted(): void {
    this.#hasAccepted = true;
    this.#wake();
  }

  /** Runs `task` once. */
  readonly schedule = (task: () => void): void => {
    this.#tasks.push(task);
    this.#wake();
  };

  #wake(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#schedule(this.#endTurn);
  }

  readonly #endTurn = (): void => {
    this.#isScheduled = false;
    const isQuiet = !this.#hasAccepted;
    this.#hasAccepted = false;
    if (this.#tasks.length === 0) return;
    if (isQuiet || ++this.#turns > MOST_TURNS) this.#run();
    else this.#wake();
  };

  #run(): void {
    this.#turns = 0;
    const due = this.#tasks;
    this.#tasks = [];
    runAll(due, runTask, this.schedule);
  }
}

function runTask(task: () => void): void {
  task();
}

/** The turns of this process. */
export const QUIET_TURN = new QuietTurn((task) => void setImmediate(task));
