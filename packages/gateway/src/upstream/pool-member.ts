import type { ByteStream } from "@postern/net";
import type { Candidate } from "../balance/candidate.js";
import type { AttemptOutcome } from "./attempt.js";
import type { IdleStreams } from "./idle-streams.js";
import type { Upstream } from "./upstream.js";

/** A target as a member of one pool. */
export interface PoolMember extends Candidate {
  readonly upstream: Upstream;
  /** The idle streams that the last attempt to begin with `reuse` or `open` belongs to. */
  readonly idle: IdleStreams;
  /** Whether it takes no request even if it is the only target: its circuit breaker is open. Default: false. */
  readonly isBlocked?: boolean;
  /** Milliseconds until it may take a request again, if that is known. Default 0. */
  readonly retryIn?: number;
  /** That of an attempt is the one after its beginning. It changes when its results no longer matter. Default 0. */
  readonly epoch?: number;
  /** Begins an attempt on a stream that was idle. Every attempt is followed by `onAttempt`. */
  reuse(now: number): ByteStream | undefined;
  /**
   * Begins an attempt on a new stream, also while the target is down. @returns undefined while its upstream accepts no
   * stream.
   */
  open(now: number): ByteStream | undefined;
  /**
   * The final response to an attempt has begun, `elapsed` ms after its request was complete; NaN: it was not complete.
   * `epoch` is that of the attempt's beginning. Undefined: the member has no use for it.
   */
  onResponse?(status: number, elapsed: number, epoch: number): void;
  /**
   * An attempt is over. `status` is the response's status; 0 if no final head arrived. `epoch` is that of the attempt's
   * beginning.
   */
  onAttempt(outcome: AttemptOutcome, status: number, epoch: number): void;
}
