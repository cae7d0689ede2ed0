import type { ByteStream } from "@postern/net";
import { Latency } from "../balance/latency.js";
import type { Clock } from "../deadlines/clock.js";
import type { CircuitBreaker } from "../health/circuit-breaker.js";
import type { Ejection } from "../health/ejection.js";
import { Epochs } from "../health/epochs.js";
import type { Outlier } from "../health/outliers.js";
import type { Verdict } from "../health/verdict.js";
import type { AttemptOutcome } from "./attempt.js";
import type { IdleStreams } from "./idle-streams.js";
import { failureReason, outlierReason, type LastFailure } from "./target-failure.js";
import type { PoolMember } from "./pool-member.js";
import type { Upstream } from "./upstream.js";

/** A response that is an error counts as one that took at least this many milliseconds: errors are often fast. */
const FAILURE = 1_000;
/** Statuses by which a service says that it cannot serve requests at all. */
const UNABLE: ReadonlySet<number> = new Set([502, 503, 504]);
/** Outcomes that say nothing about the target: the visitor left, or it has too many requests already. */
const NEUTRAL: ReadonlySet<AttemptOutcome> = new Set<AttemptOutcome>(["aborted", "full"]);

/** The part of its weight that a target gets at the beginning of a slow start, and at least. */
const LEAST_SHARE = 0.1;

/** Something that its owner may want to know about a target. */
export type TargetChange =
  | { readonly kind: "unhealthy" | "ejected"; readonly reason: string }
  | { readonly kind: "healthy" | "circuit_open" | "circuit_half_open" | "circuit_closed" };

/** The pool of a target, as the target sees it. */
export interface TargetPool {
  /** Whether all of its targets are unhealthy, so that what health checks say is of no use. */
  readonly ignoresVerdicts: boolean;
  /** Whether another of its targets may be ejected. */
  mayEject(now: number): boolean;
  /** An attempt has shown something about one of its targets. */
  onResult(now: number): void;
  onChange(target: PooledTarget, change: TargetChange): void;
}

/** What requests and checks have shown about a target in a pool. A reload passes it on. */
export interface TargetState {
  readonly latency: Latency;
  /** Of the circuit breaker and the ejection. */
  readonly epochs: Epochs;
  /** Undefined: the route has no circuit breaker. */
  readonly breaker?: CircuitBreaker | undefined;
  /** Undefined: the target is never ejected. */
  readonly ejection?: Ejection | undefined;
  /** One for each health check of the route. */
  readonly verdicts: readonly Verdict[];
  /** When the target became usable again, in milliseconds. */
  recoveredAt: number;
  /** Of requests; undefined: there was none. */
  lastFailure?: LastFailure | undefined;
}

export interface PooledTargetOptions {
  readonly weight: number;
  /** Default: nothing is known. */
  readonly state?: TargetState | undefined;
  /** Milliseconds in which its share grows to its weight after it was not usable. Default 0. */
  readonly slowStart?: number | undefined;
  /** Default: none. */
  readonly pool?: TargetPool | undefined;
  /** Statuses of responses that the circuit breaker counts as failures. Default: none. */
  readonly failures?: ReadonlySet<number> | undefined;
  readonly clock: Clock;
}

/** A target with its weight in one pool, and what requests have shown about it. Other pools may have it too. */
export class PooledTarget implements PoolMember {
  readonly target: PoolMember;
  readonly weight: number;
  readonly state: TargetState;
  readonly #failures: ReadonlySet<number> | undefined;
  readonly #slowStart: number;
  readonly #pool: TargetPool | undefined;
  readonly #clock: Clock;

  constructor(
    target: PoolMember,
    { weight, state = newState(), failures, slowStart = 0, pool, clock }: PooledTargetOptions,
  ) {
    this.target = target;
    this.weight = weight;
    this.state = state;
    this.#failures = failures;
    this.#slowStart = slowStart;
    this.#pool = pool;
    this.#clock = clock;
  }

  get upstream(): Upstream {
    return this.target.upstream;
  }

  get name(): string | undefined {
    return this.target.name;
  }

  get idle(): IdleStreams {
    return this.target.idle;
  }

  get available(): boolean {
    if (!this.target.available || this.isBlocked) return false;
    return !this.isUnhealthy || this.#pool?.ignoresVerdicts === true;
  }

  /** Whether a health check says that it is. */
  get isUnhealthy(): boolean {
    return this.state.verdicts.some(isFailed);
  }

  /** Whether a health check that it fails cannot connect to it. */
  get isUnreachable(): boolean {
    return this.state.verdicts.some((each) => isFailed(each) && each.isUnreachable);
  }

  get verdicts(): readonly Verdict[] {
    return this.state.verdicts;
  }

  get isBlocked(): boolean {
    return this.state.breaker?.admits === false;
  }

  get retryIn(): number {
    return this.state.breaker?.retryIn ?? 0;
  }

  /** Whether its last requests have failed, so that other targets are used for a while. */
  get isEjected(): boolean {
    return this.state.ejection?.wasEjected === true && this.isEjectedAt(this.#clock.now());
  }

  isEjectedAt(now: number): boolean {
    return this.state.ejection?.isEjectedAt(now) === true;
  }

  get suspect(): boolean {
    return this.target.suspect || this.isEjected;
  }

  get inUse(): number {
    return this.target.inUse;
  }

  get share(): number {
    if (this.#slowStart === 0) return this.weight;
    const since = Math.max(this.state.recoveredAt, this.upstream.upSince ?? -Infinity);
    const part = (this.#clock.now() - since) / this.#slowStart;
    return part >= 1 ? this.weight : this.weight * Math.max(LEAST_SHARE, part);
  }

  get latency(): Latency {
    return this.state.latency;
  }

  get epoch(): number {
    return this.state.epochs.current;
  }

  reuse(now: number): ByteStream | undefined {
    return this.#begun(this.target.reuse(now));
  }

  open(now: number): ByteStream | undefined {
    return this.#begun(this.target.open(now));
  }

  onResponse(status: number, elapsed: number, epoch: number): void {
    const now = this.#clock.now();
    if (elapsed >= 0) {
      if (status < 400) this.latency.observeUsual(elapsed, now);
      this.latency.observe(status < 500 ? elapsed : Math.max(elapsed, FAILURE), now);
    }
    const { breaker, ejection } = this.state;
    const isFailure = this.#failures?.has(status) === true;
    if (isFailure || UNABLE.has(status)) this.#note(failureReason("status", status));
    if (breaker?.onResult(!isFailure, epoch, now) === true) this.#onBreaker(breaker);
    if (ejection === undefined) return;
    if (UNABLE.has(status)) this.#ejectIf(ejection.onFailure(epoch, now), now);
    else if (ejection.onSuccess(elapsed, epoch, now)) this.state.recoveredAt = now;
    this.#pool?.onResult(now);
  }

  onAttempt(outcome: AttemptOutcome, status: number, epoch: number): void {
    this.target.onAttempt(outcome, status, epoch);
    if (status !== 0) return this.#onResponseEnd(outcome, status, epoch);
    const { breaker, ejection } = this.state;
    if (NEUTRAL.has(outcome)) return breaker?.onNoResult(epoch);
    const now = this.#clock.now();
    this.#onFailure(failureReason(outcome, status), now);
    if (breaker?.onResult(false, epoch, now) === true) this.#onBreaker(breaker);
    if (ejection === undefined) return;
    this.#ejectIf(ejection.onFailure(epoch, now), now);
    this.#pool?.onResult(now);
  }

  /** What its head shows is known since `onResponse`. */
  #onResponseEnd(outcome: AttemptOutcome, status: number, epoch: number): void {
    if (NEUTRAL.has(outcome)) return;
    const { breaker, ejection } = this.state;
    const now = this.#clock.now();
    if (outcome === "status") {
      if (ejection?.onComplete(epoch, now) === true) this.state.recoveredAt = now;
      return;
    }
    this.#onFailure(failureReason(outcome, status), now);
    if (this.#failures?.has(status) !== true && breaker?.onBreakOff(epoch, now) === true) this.#onBreaker(breaker);
    if (ejection === undefined || UNABLE.has(status)) return;
    this.#ejectIf(ejection.onBreakOff(epoch, now), now);
    this.#pool?.onResult(now);
  }

  /** It differs too much from the other targets of its pool. */
  onOutlier(outlier: Outlier, now: number): void {
    const reason = outlierReason(outlier);
    this.#note(reason);
    this.#eject(now, true, reason);
  }

  onVerdict({ state, fault: reason = "" }: Verdict): void {
    if (state === "unhealthy") return this.#pool?.onChange(this, { kind: "unhealthy", reason });
    this.state.recoveredAt = this.#clock.now();
    if (!this.isUnhealthy) this.#pool?.onChange(this, { kind: "healthy" });
  }

  #onFailure(reason: string, now: number): void {
    this.#note(reason);
    this.latency.observe(FAILURE, now);
  }

  #note(reason: string): void {
    this.state.lastFailure = { reason, at: Date.now() };
  }

  #ejectIf(isDue: boolean, now: number): void {
    if (isDue) this.#eject(now, false, `its last requests have failed (${this.state.lastFailure?.reason})`);
  }

  #eject(now: number, isOutlier: boolean, reason: string): void {
    const { ejection } = this.state;
    if (ejection === undefined || ejection.isEjectedAt(now) || this.#pool?.mayEject(now) === false) return;
    ejection.eject(now, isOutlier);
    this.#pool?.onChange(this, { kind: "ejected", reason });
  }

  #onBreaker({ state }: CircuitBreaker): void {
    if (state === "closed") this.state.recoveredAt = this.#clock.now();
    this.#pool?.onChange(this, { kind: `circuit_${state}` });
  }

  #begun(stream: ByteStream | undefined): ByteStream | undefined {
    const { breaker } = this.state;
    if (stream !== undefined && breaker?.onBegin() === true) this.#onBreaker(breaker);
    return stream;
  }
}

function isFailed({ state }: Verdict): boolean {
  return state === "unhealthy";
}

function newState(): TargetState {
  return { latency: new Latency(), epochs: new Epochs(), verdicts: [], recoveredAt: -Infinity };
}
