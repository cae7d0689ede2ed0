import { Worker } from "node:worker_threads";
import { TaskTimeout, ThreadPool, type PooledTask, type PooledWorker } from "../../threads/thread-pool.js";
import { TransformFault } from "./body-edit.js";
import type { TextAnswer, TextTask } from "./change-text.js";

/** Limits on bodies that regular expressions change. */
export const REGEX_LIMITS = {
  /** Bytes of a body in UTF-8. */
  body: 1024 * 1024,
  /** Milliseconds for a body. */
  time: 50,
  /** Bodies at the same time, and those that wait. */
  threads: 2,
  waiting: 32,
} as const;

const REASONS = {
  form: "the body is not text in UTF-8",
  size: "the changes make the body too large",
} as const;

/** Applies rules with regular expressions in threads, which end when they take too long. */
export class RegexThreads {
  readonly #pool: ThreadPool<TextTask, TextAnswer>;

  /** @param startWorker default: a thread of Node.js. @param time in milliseconds */
  constructor(startWorker: () => PooledWorker<TextTask> = startThread, time: number = REGEX_LIMITS.time) {
    this.#pool = new ThreadPool({ tasks: "texts", startWorker, limits: REGEX_LIMITS, deadline: time });
  }

  /** The promise is rejected with TransformFault. */
  async change(task: TextTask, owner?: string): Promise<Buffer> {
    const begun = this.#pool.run(task, owner);
    if (begun === undefined) throw new TransformFault("busy", "too many other bodies wait for regular expressions");
    const answer = await answerOf(begun);
    if (typeof answer === "string") throw new TransformFault(answer, REASONS[answer]);
    return Buffer.from(answer.buffer, answer.byteOffset, answer.byteLength);
  }
}

async function answerOf(task: PooledTask<TextAnswer>): Promise<TextAnswer> {
  try {
    return await task.answer;
  } catch (error) {
    if (error instanceof TaskTimeout)
      throw new TransformFault("time", `the regular expressions took more than ${REGEX_LIMITS.time} ms`);
    throw new TransformFault("busy", `the thread for regular expressions failed: ${(error as Error).message}`);
  }
}

/** All routes share the threads. */
export const REGEX_THREADS = new RegexThreads();

function startThread(): Worker {
  // Built, or as it is in the sources.
  const file = `./regex-worker${import.meta.url.slice(-3)}`;
  return new Worker(new URL(file, import.meta.url), {
    name: "texts",
    resourceLimits: { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 128 },
    execArgv: [],
  });
}
