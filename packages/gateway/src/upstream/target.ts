import type { ByteStream } from "@postern/net";
import type { AttemptOutcome } from "./attempt.js";
import { IdleStreams } from "./idle-streams.js";
import type { PoolMember } from "./pool-member.js";
import type { Upstream } from "./upstream.js";

/** An upstream, its idle streams, and its requests in progress. */
export class Target implements PoolMember {
  readonly upstream: Upstream;
  readonly idle: IdleStreams;
  #inUse = 0;

  constructor(upstream: Upstream) {
    this.upstream = upstream;
    this.idle = new IdleStreams(upstream);
  }

  get available(): boolean {
    return this.upstream.unavailable === undefined && this.upstream.down !== true;
  }

  get suspect(): boolean {
    return this.upstream.suspect;
  }

  get inUse(): number {
    return this.#inUse;
  }

  get weight(): number {
    return this.upstream.weight ?? 1;
  }

  get share(): number {
    return this.weight;
  }

  get name(): string | undefined {
    return this.upstream.key ?? this.upstream.name;
  }

  reuse(now: number): ByteStream | undefined {
    const stream = this.idle.take(now);
    if (stream !== undefined) this.#inUse += 1;
    return stream;
  }

  open(now: number): ByteStream | undefined {
    this.idle.makeRoom(now);
    if (this.upstream.unavailable !== undefined) return undefined;
    this.#inUse += 1;
    return this.upstream.dial();
  }

  /** Retires idle streams that are too old, and rechecks a target that is down. Call it about once a second. */
  sweep(now: number): void {
    this.idle.sweep(now);
    this.upstream.recheck?.();
  }

  onAttempt(outcome: AttemptOutcome): void {
    this.#inUse -= 1;
    this.upstream.onOutcome?.(outcome);
  }
}
