import type { EventEmitter } from "node:events";
import { FairQueue } from "./fair-queue.js";

/** A thread without work ends after this many milliseconds, because it needs several megabytes. */
const IDLE = 10_000;

/** What a thread is for its pool. Its messages are answers. */
export interface PooledWorker<Task> extends Pick<EventEmitter, "on"> {
  postMessage(task: Task): void;
  unref(): void;
  terminate(): unknown;
}

export interface ThreadPoolOptions<Task> {
  /** What the tasks are, for messages: `passwords`. */
  readonly tasks: string;
  readonly startWorker: () => PooledWorker<Task>;
  /** `threads`: tasks that are worked on at the same time. `waiting`: tasks that wait for a thread. */
  readonly limits: { readonly threads: number; readonly waiting: number };
  /**
   * Milliseconds that a task may take, without the start of its thread. Then the thread ends, and `answer` is rejected
   * with TaskTimeout. A thread must send `READY` when it has started. Default: any time.
   */
  readonly deadline?: number;
}

/** The first message of a thread whose tasks have a deadline. */
export const READY = "ready";

/** A task took longer than its deadline. */
export class TaskTimeout extends Error {
  override readonly name = "TaskTimeout";
}

/** A task that is worked on, or waits for it. */
export interface PooledTask<Answer> {
  readonly answer: Promise<Answer>;
  /** Nobody waits for the answer any more: if it has not been begun, it never is, and `answer` stays open. */
  cancel(): void;
}

interface Job<Task, Answer> extends PromiseWithResolvers<Answer> {
  readonly task: Task;
}

/** A thread that does one task after the other. */
class Thread<Task, Answer> {
  job: Job<Task, Answer> | undefined;
  readonly #worker: PooledWorker<Task>;
  readonly #deadline: number | undefined;
  readonly #onEnd: (thread: Thread<Task, Answer>) => void;
  #isReady = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    { startWorker, deadline, tasks }: ThreadPoolOptions<Task>,
    onFree: (thread: Thread<Task, Answer>) => void,
    onEnd: (thread: Thread<Task, Answer>) => void,
  ) {
    const worker = startWorker();
    this.#worker = worker;
    this.#deadline = deadline;
    this.#onEnd = onEnd;
    worker.unref();
    worker.on("message", (answer: Answer | typeof READY) => {
      if (answer === READY) return this.#onReady();
      clearTimeout(this.#timer);
      const { job } = this;
      this.job = undefined;
      job?.resolve(answer);
      onFree(this);
    });
    worker.on("error", (error: Error) => this.#end(error));
    worker.on("exit", () => this.#end(new Error(`The thread for ${tasks} has ended.`)));
  }

  begin(job: Job<Task, Answer>): void {
    clearTimeout(this.#timer);
    this.job = job;
    this.#worker.postMessage(job.task);
    if (this.#isReady) this.#watch();
  }

  /** Ends it when it has had no work for a while. It gets none from then on, because ending takes time. */
  rest(): void {
    this.#timer = setTimeout(() => this.#stop(), IDLE).unref();
  }

  #onReady(): void {
    this.#isReady = true;
    if (this.job !== undefined) this.#watch();
  }

  #watch(): void {
    if (this.#deadline === undefined) return;
    this.#timer = setTimeout(() => {
      const { job } = this;
      this.job = undefined;
      this.#stop();
      job?.reject(new TaskTimeout());
    }, this.#deadline).unref();
  }

  #stop(): void {
    this.#onEnd(this);
    void this.#worker.terminate();
  }

  #end(error: Error): void {
    clearTimeout(this.#timer);
    this.#onEnd(this);
    this.job?.reject(error);
    this.job = undefined;
  }
}

/** A few threads for tasks that take too long for the thread of the gateway. */
export class ThreadPool<Task, Answer> {
  readonly #options: ThreadPoolOptions<Task>;
  readonly #threads = new Set<Thread<Task, Answer>>();
  readonly #waiting: FairQueue<Job<Task, Answer>>;

  constructor(options: ThreadPoolOptions<Task>) {
    this.#options = options;
    this.#waiting = new FairQueue(options.limits.waiting, (job) =>
      job.reject(new Error(`Too many ${options.tasks} of this owner wait.`)),
    );
  }

  /**
   * @param owner tasks of each owner are done in turn, so that one of them does not hold up the others
   * @returns undefined if too many others wait
   */
  run(task: Task, owner = ""): PooledTask<Answer> | undefined {
    const free = [...this.#threads].find(({ job }) => job === undefined);
    const mayStart = free === undefined && this.#threads.size < this.#options.limits.threads;
    const job: Job<Task, Answer> = { task, ...Promise.withResolvers<Answer>() };
    if (free !== undefined) free.begin(job);
    else if (mayStart) this.#start().begin(job);
    else if (!this.#waiting.add(owner, job)) return undefined;
    return { answer: job.promise, cancel: () => this.#waiting.delete(owner, job) };
  }

  #start(): Thread<Task, Answer> {
    const thread = new Thread<Task, Answer>(
      this.#options,
      (freed) => this.#next(freed),
      (ended) => this.#onEnd(ended),
    );
    this.#threads.add(thread);
    return thread;
  }

  #next(thread: Thread<Task, Answer>): void {
    const job = this.#waiting.take();
    if (job === undefined) thread.rest();
    else thread.begin(job);
  }

  /** Tasks that wait get another thread, one for each that ended. */
  #onEnd(thread: Thread<Task, Answer>): void {
    if (!this.#threads.delete(thread)) return;
    const job = this.#waiting.take();
    if (job !== undefined) this.#start().begin(job);
  }
}
