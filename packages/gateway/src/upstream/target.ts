import type { ByteStream } from "@postern/net";
import type { Candidate } from "../balance/candidate.js";
import type { AttemptObserver } from "./attempt.js";
import { IdleStreams } from "./idle-streams.js";
import type { Upstream } from "./upstream.js";

/** A member of a pool: an upstream, its idle streams, and its requests in progress. */
export class Target implements Candidate, AttemptObserver {
  readonly upstream: Upstream;
  readonly idle: IdleStreams;
  #inUse = 0;

  constructor(upstream: Upstream) {
    this.upstream = upstream;
    this.idle = new IdleStreams(upstream);
  }

  get available(): boolean {
    return this.upstream.unavailable === undefined;
  }

  get suspect(): boolean {
    return this.upstream.suspect;
  }

  get inUse(): number {
    return this.#inUse;
  }

  /** Begins an attempt on a stream that was idle. Every attempt is followed by `onAttempt`. */
  reuse(now: number): ByteStream | undefined {
    const stream = this.idle.take(now);
    if (stream !== undefined) this.#inUse += 1;
    return stream;
  }

  /** Begins an attempt on a new stream. @returns undefined while the upstream is unavailable. */
  open(now: number): ByteStream | undefined {
    this.idle.makeRoom(now);
    if (!this.available) return undefined;
    this.#inUse += 1;
    return this.upstream.dial();
  }

  onAttempt(): void {
    this.#inUse -= 1;
  }
}
