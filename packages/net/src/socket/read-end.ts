import { runAll } from "../run-all.js";

/** Something that is done when all bytes of a read have been passed on. */
export interface ReadTask {
  onReadEnd(): void;
}

/**
 * Tasks that run when the read in progress has been passed on, before the next one. A task that is added outside a read
 * runs when the current operation of the event loop is over.
 */
export class ReadEnd {
  readonly #schedule: (task: () => void) => void;
  #tasks: ReadTask[] = [];
  /** Reads that are being passed on: a receiver may cause another read. */
  #reads = 0;
  /** All reads that have begun. */
  #count = 0;
  #isScheduled = false;

  /** @param schedule runs a task when the current operation is over. */
  constructor(schedule: (task: () => void) => void) {
    this.#schedule = schedule;
  }

  /** Calls `task` once. */
  readonly add = (task: ReadTask): void => {
    this.#tasks.push(task);
    if (this.#reads === 0) this.#scheduleRun();
  };

  beginRead(): void {
    this.#reads++;
    this.#count++;
  }

  /** Reads that have begun since the start of the process. */
  get count(): number {
    return this.#count;
  }

  endRead(): void {
    if (--this.#reads === 0 && this.#tasks.length > 0) this.#run();
  }

  #scheduleRun(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#schedule(this.#onScheduled);
  }

  readonly #onScheduled = (): void => {
    this.#isScheduled = false;
    this.#run();
  };

  #run(): void {
    const due = this.#tasks;
    this.#tasks = [];
    runAll(due, endRead, this.add);
  }
}

function endRead(task: ReadTask): void {
  task.onReadEnd();
}

/** The tasks of this process. */
export const READ_END = new ReadEnd((task) => process.nextTick(task));
