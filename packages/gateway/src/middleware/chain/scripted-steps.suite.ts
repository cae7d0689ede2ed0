import type { Reply } from "../../http/index.js";
import type { Step, StepRequest, Verdict } from "../step.js";
import { Steps } from "./steps.js";

export const DENIED: Reply = { status: 403, text: "denied" };

/** A step that decides at once, and notes the requests that it sees. */
export class QuickStep implements Step {
  readonly name = "quick";
  readonly seen: { method: string; host: string; path: string; address: string }[] = [];
  readonly #decide: (request: StepRequest) => Verdict;

  constructor(decide: (request: StepRequest) => Verdict = () => undefined) {
    this.#decide = decide;
  }

  check(request: StepRequest): Verdict {
    const { method, host, path, address } = request;
    this.seen.push({ method, host, path, address });
    return this.#decide(request);
  }
}

/** A step that waits until the test decides. */
export class SlowStep implements Step {
  readonly name = "slow";
  readonly requests: StepRequest[] = [];
  readonly signals: AbortSignal[] = [];
  #decided = Promise.withResolvers<Verdict>();

  check(request: StepRequest): Promise<Verdict> {
    this.requests.push(request);
    this.signals.push(request.signal);
    this.#decided = Promise.withResolvers();
    return this.#decided.promise;
  }

  /** Decides about the last request. */
  async decide(verdict?: Verdict): Promise<void> {
    this.#decided.resolve(verdict);
    await settled();
  }

  async fail(error: unknown): Promise<void> {
    this.#decided.reject(error);
    await settled();
  }
}

/** Lets everything run that waits for promises which are settled. */
async function settled(): Promise<void> {
  await new Promise(setImmediate);
}

export function stepsOf(...steps: Step[]): Steps {
  return new Steps(steps);
}
