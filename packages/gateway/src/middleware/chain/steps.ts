import { refusals } from "../../http/index.js";
import { PASSWORD_PATHS } from "../password/password-paths.js";
import type { Step, StepRequest, Verdict } from "../step.js";

/** The steps of a route, in the order in which a request passes them. */
export class Steps {
  readonly #steps: readonly Step[];
  /** Whether a step has paths of its own. */
  readonly #hasPaths: boolean;
  /** Those that these consist of, if they were put together. */
  readonly #parts: readonly Steps[];
  #isReplaced = false;

  /** @param former those of the route before a reload */
  constructor(steps: readonly Step[], former?: Steps, parts: readonly Steps[] = []) {
    this.#steps = steps;
    this.#parts = parts;
    this.#hasPaths = steps.some(({ paths }) => paths !== undefined);
    const formerSteps = former === undefined ? [] : former.#steps;
    for (const step of steps) {
      const before = formerSteps.find(({ name }) => name === step.name);
      if (before !== undefined) step.inherit?.(before);
    }
  }

  /** The steps of `first`, and then those of `second`. They are not created again, and know what they know. */
  static both(first: Steps | undefined, second: Steps | undefined): Steps | undefined {
    if (first === undefined || second === undefined) return first ?? second;
    return new Steps([...first.#steps, ...second.#steps], undefined, [first, second]);
  }

  /** The verdict of the first step that does not admit the request. A promise only if a step waits. */
  check(request: StepRequest): Verdict | Promise<Verdict> {
    const steps = this.#steps;
    for (let n = 0; n < steps.length; n++) {
      const verdict = steps[n]!.check(request);
      if (verdict instanceof Promise) return this.#continue(verdict, n + 1, request);
      if (verdict !== undefined) return verdict;
    }
    return this.#hasPaths ? unknownPath(request) : undefined;
  }

  /** In the order in which a request passes them. */
  get names(): string[] {
    return this.#steps.map(({ name }) => name);
  }

  /** The paths of the steps themselves. */
  get paths(): string[] {
    return this.#steps.flatMap(({ paths = [] }) => paths);
  }

  /** Whether others are in force in place of these, or of a part of them: what these admit is not admitted. */
  get isReplaced(): boolean {
    return this.#isReplaced || this.#parts.some((part) => part.isReplaced);
  }

  markReplaced(): void {
    this.#isReplaced = true;
  }

  close(): void {
    for (const step of this.#steps) step.close?.();
  }

  /** Closes those that `next`, which was created with these as the former ones, does not continue. */
  closeExcept(next: Steps | undefined): void {
    const names = new Set((next === undefined ? [] : next.#steps).map(({ name }) => name));
    for (const step of this.#steps) if (!names.has(step.name)) step.close?.();
  }

  async #continue(first: Promise<Verdict>, next: number, request: StepRequest): Promise<Verdict> {
    const { signal } = request;
    let verdict = await first;
    for (let n = next; verdict === undefined && n < this.#steps.length; n++) {
      // A visitor that has left must not use up a limit of the steps that follow.
      signal.throwIfAborted();
      verdict = await this.#steps[n]!.check(request);
    }
    return verdict ?? (this.#hasPaths ? unknownPath(request) : undefined);
  }
}

/** A path of steps that none of them knows reaches no target either. */
function unknownPath({ path }: StepRequest): Verdict {
  return path.startsWith(PASSWORD_PATHS) ? refusals.PN_ROUTE_UNKNOWN : undefined;
}
