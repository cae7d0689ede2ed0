import { SYSTEM_CLOCK, type Clock } from "../deadlines/clock.js";
import type { Verdict } from "../health/verdict.js";
import type { Upstream } from "../upstream/upstream.js";
import type { CheckOptions } from "./check-options.js";
import { runCheck } from "./run-check.js";

/** A target whose last results contradict its state is checked again after this many milliseconds, if not earlier. */
const IN_DOUBT = 2_000;
/** The part of an interval by which checks are moved at random, so that those of many targets do not coincide. */
const JITTER = 0.1;
/**
 * Milliseconds for each further target of a pool, in which the first checks begin at random: a pool of 1,000 targets
 * makes about 100 connections a second then.
 */
const SPREAD = 10;

/** A target to check, with a verdict for each kind of check. */
export interface CheckedTarget {
  readonly upstream: Upstream;
  readonly verdicts: readonly Verdict[];
  /** A verdict has changed. */
  onVerdict(verdict: Verdict): void;
}

export interface TargetChecksOptions {
  readonly checks: readonly CheckOptions[];
  /** The targets at present. */
  readonly targets: () => readonly CheckedTarget[];
  readonly clock?: Clock | undefined;
  /** A number of at least 0 and less than 1. */
  readonly random?: (() => number) | undefined;
}

interface Scheduled {
  /** By the position of the check. */
  readonly dueAt: number[];
  readonly cancel: (() => void)[];
  /** Whether it is in progress. The next one begins after it has ended, which may take longer than the interval. */
  readonly isRunning: boolean[];
}

/** Checks the targets of one pool with one timer, until it is closed. */
export class TargetChecks {
  readonly #options: TargetChecksOptions;
  readonly #clock: Clock;
  readonly #random: () => number;
  #scheduled = new Map<CheckedTarget, Scheduled>();
  #cancelTimer = (): void => {};
  #isClosed = false;

  constructor(options: TargetChecksOptions) {
    this.#options = options;
    this.#clock = options.clock ?? SYSTEM_CLOCK;
    this.#random = options.random ?? Math.random;
    // The first checks begin after the pool is complete.
    this.#cancelTimer = this.#clock.after(0, () => this.#run());
  }

  /** Ends the checks in progress. Can be called twice. */
  close(): void {
    this.#isClosed = true;
    this.#cancelTimer();
    for (const { cancel } of this.#scheduled.values()) for (const each of cancel) each();
    this.#scheduled.clear();
  }

  #run(): void {
    // A timer that has ended cannot be cancelled any more, although its task runs later.
    if (this.#isClosed) return;
    const now = this.#clock.now();
    this.#follow(now);
    const { checks } = this.#options;
    let next = now + Math.min(IN_DOUBT, ...checks.map(({ interval }) => interval));
    for (const [target, scheduled] of this.#scheduled)
      for (const [position, check] of checks.entries()) {
        if (scheduled.isRunning[position] === true) continue;
        if (scheduled.dueAt[position]! <= now) this.#begin(target, scheduled, position, check);
        next = Math.min(next, scheduled.dueAt[position]!);
      }
    this.#cancelTimer = this.#clock.after(Math.max(1, next - now), () => this.#run());
  }

  /** Targets whose state is known, from before a reload, keep their rhythm; the others are checked soon. */
  #follow(now: number): void {
    const before = this.#scheduled;
    const { checks, targets } = this.#options;
    const isFirst = (verdict: Verdict | undefined): boolean => verdict === undefined || verdict.state === "unknown";
    const all = targets();
    const soon = SPREAD * (all.length - 1);
    this.#scheduled = new Map(
      all.map((target) => [
        target,
        before.get(target) ?? {
          dueAt: checks.map(({ interval }, n) => {
            const most = isFirst(target.verdicts[n]) ? Math.min(soon, interval) : interval;
            return now + most * this.#random();
          }),
          cancel: [],
          isRunning: [],
        },
      ]),
    );
    for (const [target, { cancel }] of before) if (!this.#scheduled.has(target)) for (const each of cancel) each();
  }

  #begin(target: CheckedTarget, scheduled: Scheduled, position: number, check: CheckOptions): void {
    const now = this.#clock.now();
    const jitter = 1 + JITTER * (2 * this.#random() - 1);
    scheduled.dueAt[position] = now + Math.max(check.interval * jitter, 1);
    const verdict = target.verdicts[position];
    if (verdict === undefined) return;
    scheduled.isRunning[position] = true;
    scheduled.cancel[position] = runCheck(check, target.upstream, this.#clock, (result) => {
      scheduled.cancel[position] = (): void => {};
      scheduled.isRunning[position] = false;
      if (this.#isClosed || result.kind === "none") return;
      const isFailure = result.kind === "failed";
      if (isFailure ? verdict.onResult(result.fault, result.isUnreachable) : verdict.onResult(undefined))
        target.onVerdict(verdict);
      if (verdict.isInDoubt)
        scheduled.dueAt[position] = Math.min(scheduled.dueAt[position]!, this.#clock.now() + IN_DOUBT * jitter);
    });
  }
}
