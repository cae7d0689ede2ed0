import type { ByteStream } from "@postern/net";
import { Latency } from "../balance/latency.js";
import type { Clock } from "../deadlines/clock.js";
import type { CircuitBreaker } from "../health/circuit-breaker.js";
import type { Ejection } from "../health/ejection.js";
import type { AttemptOutcome } from "./attempt.js";
import type { IdleStreams } from "./idle-streams.js";
import type { PoolMember } from "./pool-member.js";
import type { Target } from "./target.js";
import type { Upstream } from "./upstream.js";

/** A response that is an error counts as one that took at least this many milliseconds: errors are often fast. */
const FAILURE = 1_000;
/** Statuses by which a service says that it cannot serve requests at all. */
const UNABLE: ReadonlySet<number> = new Set([502, 503, 504]);
/** Outcomes that say nothing about the target: the visitor left, or it has too many requests already. */
const NEUTRAL: ReadonlySet<AttemptOutcome> = new Set<AttemptOutcome>(["aborted", "full"]);

/** What requests have shown about a target in a pool. A reload passes it on. */
export interface TargetState {
  readonly latency: Latency;
  /** Undefined: the route has no circuit breaker. */
  readonly breaker?: CircuitBreaker | undefined;
  /** Undefined: the target is never ejected. */
  readonly ejection?: Ejection | undefined;
}

export interface PooledTargetOptions {
  readonly weight: number;
  /** Default: nothing is known. */
  readonly state?: TargetState;
  /** Statuses of responses that the circuit breaker counts as failures. Default: none. */
  readonly failures?: ReadonlySet<number> | undefined;
  readonly clock: Clock;
}

/** A target with its weight in one pool, and what requests have shown about it. Other pools may have it too. */
export class PooledTarget implements PoolMember {
  readonly target: Target;
  readonly weight: number;
  readonly state: TargetState;
  readonly #failures: ReadonlySet<number> | undefined;
  readonly #clock: Clock;

  constructor(target: Target, { weight, state = { latency: new Latency() }, failures, clock }: PooledTargetOptions) {
    this.target = target;
    this.weight = weight;
    this.state = state;
    this.#failures = failures;
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
    return this.target.available && !this.isBlocked;
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
    return this.weight;
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
    breaker?.onResult(this.#failures?.has(status) !== true, epoch, now);
    if (UNABLE.has(status)) ejection?.onFailure(now);
    else ejection?.onSuccess();
  }

  onAttempt(outcome: AttemptOutcome, status: number, epoch: number): void {
    this.target.onAttempt();
    const { breaker, ejection, latency } = this.state;
    if (NEUTRAL.has(outcome)) {
      if (status === 0) breaker?.onNoResult(epoch);
      return;
    }
    // The result of a complete response is known since its head.
    if (outcome === "status") return;
    const now = this.#clock.now();
    latency.observe(FAILURE, now);
    breaker?.onResult(false, epoch, now);
    ejection?.onFailure(now);
  }

  #begun(stream: ByteStream | undefined): ByteStream | undefined {
    if (stream !== undefined) this.state.breaker?.onBegin();
    return stream;
  }
}
