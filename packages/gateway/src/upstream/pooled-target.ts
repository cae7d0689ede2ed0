import type { ByteStream } from "@postern/net";
import { Latency } from "../balance/latency.js";
import type { Clock } from "../deadlines/clock.js";
import type { BreakerState, CircuitBreaker } from "../health/circuit-breaker.js";
import type { Ejection } from "../health/ejection.js";
import type { Verdict } from "../health/verdict.js";
import type { AttemptOutcome } from "./attempt.js";
import type { IdleStreams } from "./idle-streams.js";
import { failureReason, type LastFailure } from "./target-failure.js";
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
  | { readonly kind: "unhealthy"; readonly fault: string }
  | { readonly kind: "healthy" | "ejected" | "circuit_open" | "circuit_half_open" | "circuit_closed" };

/** The pool of a target, as the target sees it. */
export interface TargetPool {
  /** Whether all of its targets are unhealthy, so that what health checks say is of no use. */
  readonly ignoresVerdicts: boolean;
  onChange(target: PooledTarget, change: TargetChange): void;
}

/** What requests and checks have shown about a target in a pool. A reload passes it on. */
export interface TargetState {
  readonly latency: Latency;
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
    if (state.breaker !== undefined) state.breaker.onChange = (each) => this.#onBreaker(each);
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
    return this.state.breaker?.epoch ?? 0;
  }

  reuse(now: number): ByteStream | undefined {
    return this.#begun(this.target.reuse(now));
  }

  open(now: number): ByteStream | undefined {
    return this.#begun(this.target.open(now));
  }

  onResponse(status: number, elapsed: number, epoch: number): void {
    const now = this.#clock.now();
    if (elapsed >= 0) this.latency.observe(status < 500 ? elapsed : Math.max(elapsed, FAILURE), now);
    const { breaker, ejection } = this.state;
    const isFailure = this.#failures?.has(status) === true;
    if (isFailure || UNABLE.has(status)) this.#note("status", status);
    breaker?.onResult(!isFailure, epoch, now);
    if (ejection === undefined) return;
    if (UNABLE.has(status)) this.#ejectedIf(ejection.onFailure(now));
    else if (ejection.onSuccess()) this.state.recoveredAt = now;
  }

  onAttempt(outcome: AttemptOutcome, status: number, epoch: number): void {
    this.target.onAttempt(outcome, status, epoch);
    if (status !== 0) return this.#onResponseEnd(outcome, status, epoch);
    const { breaker, ejection, latency } = this.state;
    if (NEUTRAL.has(outcome)) return breaker?.onNoResult(epoch);
    this.#note(outcome, status);
    const now = this.#clock.now();
    latency.observe(FAILURE, now);
    breaker?.onResult(false, epoch, now);
    if (ejection !== undefined) this.#ejectedIf(ejection.onFailure(now));
  }

  /** What its head shows is known since `onResponse`. */
  #onResponseEnd(outcome: AttemptOutcome, status: number, epoch: number): void {
    const { breaker, ejection, latency } = this.state;
    if (outcome === "status" || NEUTRAL.has(outcome)) {
      if (ejection?.onComplete() === true) this.state.recoveredAt = this.#clock.now();
      return;
    }
    this.#note(outcome, status);
    const now = this.#clock.now();
    latency.observe(FAILURE, now);
    if (this.#failures?.has(status) !== true) breaker?.onBreakOff(epoch, now);
    if (ejection !== undefined && !UNABLE.has(status)) this.#ejectedIf(ejection.onBreakOff(now));
  }

  onVerdict({ state, fault = "" }: Verdict): void {
    if (state === "unhealthy") return this.#pool?.onChange(this, { kind: "unhealthy", fault });
    this.state.recoveredAt = this.#clock.now();
    if (!this.isUnhealthy) this.#pool?.onChange(this, { kind: "healthy" });
  }

  #note(outcome: AttemptOutcome, status: number): void {
    this.state.lastFailure = { reason: failureReason(outcome, status), at: Date.now() };
  }

  #ejectedIf(isEjected: boolean): void {
    if (isEjected) this.#pool?.onChange(this, { kind: "ejected" });
  }

  #onBreaker(state: BreakerState): void {
    if (state === "closed") this.state.recoveredAt = this.#clock.now();
    this.#pool?.onChange(this, { kind: `circuit_${state}` });
  }

  #begun(stream: ByteStream | undefined): ByteStream | undefined {
    if (stream !== undefined) this.state.breaker?.onBegin();
    return stream;
  }
}

function isFailed({ state }: Verdict): boolean {
  return state === "unhealthy";
}

function newState(): TargetState {
  return { latency: new Latency(), verdicts: [], recoveredAt: -Infinity };
}
