import { runAll } from "../run-all.js";
import { READ_END, type ReadEnd, type ReadTask } from "../socket/read-end.js";

/** After this many turns in a row with one read each, the next ones are expected to be like them. */
const LONE_TURNS = 64;
/** Once in this many turns, it is checked whether turns still have one read each. */
const CHECKED_TURNS = 16;
/** The longest delay of a task, in turns. A turn in which connections are accepted takes about 0.1 ms. */
const MOST_TURNS = 4;

/**
 * Runs tasks at the end of this turn of the event loop, or of a later one while connections are accepted. Node.js
 * accepts one connection in each turn. A session that sends its frames at the end of each turn would therefore send one
 * message for each new connection, however many connections wait.
 */
export class QuietTurn implements ReadTask {
  readonly #schedule: (task: () => void) => void;
  readonly #reads: Pick<ReadEnd, "add" | "count">;
  #tasks: (() => void)[] = [];
  /** Tasks of the read in progress. */
  #readTasks: (() => void)[] = [];
  /** The reads that had begun when the end of this turn was scheduled. */
  #readsBefore = 0;
  /** Turns in a row in which no other read followed. */
  #loneTurns = 0;
  #isScheduled = false;
  #hasAccepted = false;
  /** Turns for which the tasks have waited. */
  #turns = 0;

  /** @param schedule runs a task at the end of the turn. */
  constructor(schedule: (task: () => void) => void, reads: Pick<ReadEnd, "add" | "count"> = READ_END) {
    this.#schedule = schedule;
    this.#reads = reads;
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

  /**
   * Runs `task` once, as `schedule`, but already at the end of the read in progress if the last turns had only one: the
   * end of a turn costs as much as a short task, and nothing else would be done together with it.
   */
  readonly soon = (task: () => void): void => {
    if (this.#loneTurns < LONE_TURNS || ++this.#loneTurns % CHECKED_TURNS === 0) return this.schedule(task);
    if (this.#readTasks.push(task) === 1) this.#reads.add(this);
  };

  onReadEnd(): void {
    const due = this.#readTasks;
    this.#readTasks = [];
    runAll(due, runTask, this.soon);
  }

  #wake(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#readsBefore = this.#reads.count;
    this.#schedule(this.#endTurn);
  }

  readonly #endTurn = (): void => {
    this.#isScheduled = false;
    const isQuiet = !this.#hasAccepted;
    this.#loneTurns = isQuiet && this.#reads.count === this.#readsBefore ? this.#loneTurns + 1 : 0;
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
