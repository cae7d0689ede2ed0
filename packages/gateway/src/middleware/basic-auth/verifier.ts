import type { EventEmitter } from "node:events";
import { Worker } from "node:worker_threads";
import { FairQueue } from "./fair-queue.js";
import type { Check } from "./verify-worker.js";

/** `threads`: passwords that are checked at the same time. `waiting`: passwords that wait for a thread. */
export const VERIFIER_LIMITS = { threads: 2, waiting: 32 } as const;

/** A thread without work ends after this many milliseconds, because it needs several megabytes. */
const IDLE = 10_000;

/** What a thread is for its owner. */
export interface VerifyWorker extends Pick<EventEmitter, "on"> {
  postMessage(check: Check): void;
  unref(): void;
  terminate(): unknown;
}

/** A password that is being checked, or waits for it. */
class Job {
  readonly check: Check;
  readonly #settle: PromiseWithResolvers<boolean>;

  constructor(check: Check) {
    this.check = check;
    this.#settle = Promise.withResolvers();
  }

  get answer(): Promise<boolean> {
    return this.#settle.promise;
  }

  resolve(isRight: boolean): void {
    this.#settle.resolve(isRight);
  }

  reject(error: Error): void {
    this.#settle.reject(error);
  }
}

export interface Verification {
  readonly answer: Promise<boolean>;
  /** Nobody waits for the answer any more: if it has not been begun, it never is, and `answer` stays open. */
  cancel(): void;
}

/** A thread that checks one password after the other. */
class Thread {
  job: Job | undefined;
  readonly #worker: VerifyWorker;
  readonly #onEnd: (thread: Thread) => void;
  #idle: NodeJS.Timeout | undefined;

  constructor(worker: VerifyWorker, onFree: (thread: Thread) => void, onEnd: (thread: Thread) => void) {
    this.#worker = worker;
    this.#onEnd = onEnd;
    worker.unref();
    const end = (error: Error): void => {
      clearTimeout(this.#idle);
      onEnd(this);
      this.job?.reject(error);
      this.job = undefined;
    };
    worker.on("message", (isRight: boolean) => {
      const { job } = this;
      this.job = undefined;
      job?.resolve(isRight);
      onFree(this);
    });
    worker.on("error", end);
    worker.on("exit", () => end(new Error("The thread that checks passwords has ended.")));
  }

  begin(job: Job): void {
    clearTimeout(this.#idle);
    this.job = job;
    this.#worker.postMessage(job.check);
  }

  /** Ends it when it has had no work for a while. It gets none from then on, because ending takes time. */
  rest(): void {
    const end = (): void => {
      this.#onEnd(this);
      void this.#worker.terminate();
    };
    this.#idle = setTimeout(end, IDLE).unref();
  }
}

/** Checks passwords in threads, because a check takes as long as thousands of requests. */
export class Verifier {
  readonly #startWorker: () => VerifyWorker;
  readonly #threads = new Set<Thread>();
  readonly #waiting = new FairQueue<Job>(VERIFIER_LIMITS.waiting, (job) =>
    job.reject(new Error("Too many passwords of this owner wait.")),
  );

  /** @param startWorker default: a thread of Node.js */
  constructor(startWorker: () => VerifyWorker = startThread) {
    this.#startWorker = startWorker;
  }

  /**
   * Checks whether a password has a hash.
   * @param owner passwords of each owner are checked in turn, so that one of them does not hold up the others
   * @returns undefined if too many others wait
   */
  verify(password: Buffer, hash: string, owner = ""): Verification | undefined {
    const free = [...this.#threads].find(({ job }) => job === undefined);
    const mayStart = free === undefined && this.#threads.size < VERIFIER_LIMITS.threads;
    const job = new Job({ password: Uint8Array.from(password), hash });
    if (free !== undefined) free.begin(job);
    else if (mayStart) this.#start().begin(job);
    else if (!this.#waiting.add(owner, job)) return undefined;
    return { answer: job.answer, cancel: () => this.#waiting.delete(owner, job) };
  }

  #start(): Thread {
    const thread = new Thread(
      this.#startWorker(),
      (freed) => this.#next(freed),
      (ended) => this.#onEnd(ended),
    );
    this.#threads.add(thread);
    return thread;
  }

  #next(thread: Thread): void {
    const job = this.#waiting.take();
    if (job === undefined) thread.rest();
    else thread.begin(job);
  }

  /** Passwords that wait get another thread, one for each that ended. */
  #onEnd(thread: Thread): void {
    if (!this.#threads.delete(thread)) return;
    const job = this.#waiting.take();
    if (job !== undefined) this.#start().begin(job);
  }
}

/** All routes share the threads. */
export const VERIFIER = new Verifier();

function startThread(): Worker {
  // Built, or as it is in the sources.
  const file = `./verify-worker${import.meta.url.slice(-3)}`;
  return new Worker(new URL(file, import.meta.url), {
    name: "passwords",
    resourceLimits: { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 64 },
    execArgv: [],
  });
}
