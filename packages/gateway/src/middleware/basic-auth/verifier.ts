import { Worker } from "node:worker_threads";
import { ThreadPool, type PooledTask, type PooledWorker } from "../../threads/thread-pool.js";
import type { Check } from "./verify-worker.js";

/** `threads`: passwords that are checked at the same time. `waiting`: passwords that wait for a thread. */
export const VERIFIER_LIMITS = { threads: 2, waiting: 32 } as const;

export type VerifyWorker = PooledWorker<Check>;
export type Verification = PooledTask<boolean>;

/** Checks passwords in threads, because a check takes as long as thousands of requests. */
export class Verifier {
  readonly #pool: ThreadPool<Check, boolean>;

  /** @param startWorker default: a thread of Node.js */
  constructor(startWorker: () => VerifyWorker = startThread) {
    this.#pool = new ThreadPool({ tasks: "passwords", startWorker, limits: VERIFIER_LIMITS });
  }

  /**
   * Checks whether a password has a hash.
   * @param owner passwords of each owner are checked in turn, so that one of them does not hold up the others
   * @returns undefined if too many others wait
   */
  verify(password: Buffer, hash: string, owner = ""): Verification | undefined {
    return this.#pool.run({ password: Uint8Array.from(password), hash }, owner);
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
