import type { ByteStream } from "@postern/net";
import { Latency } from "../balance/latency.js";
import type { AttemptOutcome } from "./attempt.js";
import type { IdleStreams } from "./idle-streams.js";
import type { PoolMember } from "./pool-member.js";
import type { Target } from "./target.js";
import type { Upstream } from "./upstream.js";

/** A response that is an error counts as one that took at least this many milliseconds: errors are often fast. */
const FAILURE = 1_000;

/** What is known of a target in a pool beside its connections. A reload passes it on. */
export interface TargetState {
  readonly latency: Latency;
}

/** A target with its weight in one pool, and what requests have shown about it. Other pools may have it too. */
export class PooledTarget implements PoolMember {
  readonly target: Target;
  readonly weight: number;
  readonly state: TargetState;

  /** @param state from the same target of an earlier pool. Default: nothing is known. */
  constructor(target: Target, weight: number, state: TargetState = { latency: new Latency() }) {
    this.target = target;
    this.weight = weight;
    this.state = state;
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
    return this.target.available;
  }

  get suspect(): boolean {
    return this.target.suspect;
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

  reuse(now: number): ByteStream | undefined {
    return this.target.reuse(now);
  }

  open(now: number): ByteStream | undefined {
    return this.target.open(now);
  }

  onResponse(status: number, elapsed: number, now: number): void {
    this.latency.observe(status < 500 ? elapsed : Math.max(elapsed, FAILURE), now);
  }

  onAttempt(_outcome: AttemptOutcome, _status: number): void {
    this.target.onAttempt();
  }
}
