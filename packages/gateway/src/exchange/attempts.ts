import type { BreakCause, ByteStream, ResetReason } from "@postern/net";
import { refusals, type ForwardOptions, type Refusal, type Request } from "../http/index.js";
import { TARGET_HOST, type UpstreamRoute } from "../route.js";
import type { Steps } from "../middleware/chain/steps.js";
import type { PickContext } from "../balance/candidate.js";
import type { Clock } from "../deadlines/clock.js";
import { SUSPECT, type AttemptOutcome } from "../upstream/attempt.js";
import type { IdleStreams } from "../upstream/idle-streams.js";
import type { Pool } from "../upstream/pool.js";
import type { PoolMember } from "../upstream/pool-member.js";
import { RETRY_LIMITS } from "../upstream/retry-budget.js";
import type { Upstream } from "../upstream/upstream.js";
import { BROKEN, INVALID_RESPONSE, TARGET_BROKEN, TARGETS_DOWN, type Failure } from "./exchange-end.js";

/** The type of a TLS record that contains an alert, and the major version of every record (RFC 8446, section 5.1). */
const [ALERT, VERSION] = [21, 3];

/** What is known of a request when an attempt begins. */
export interface AttemptedRequest extends PickContext {
  readonly request: Request;
}

/**
 * The attempts to send one request: the target of the current one, its stream, and the head's form for it. Reused for
 * request after request.
 */
export class Attempts implements ForwardOptions {
  hostHeader: string | undefined;
  path: string | undefined;
  /** Whether the current attempt uses a stream that was idle. */
  onIdleStream = false;
  /** Whether any byte of a response to the current attempt has arrived. */
  isAnswered = false;
  /** Why `open` returned undefined. */
  refusal: Refusal = refusals.PN_TUNNEL_AWAY;
  /** Where the last attempt was sent to; undefined if there was none. */
  upstream: Upstream | undefined;
  /** Where the stream of the current attempt is kept for another request. */
  idle: IdleStreams | undefined;
  /** When the whole request of the current attempt had been sent; NaN: it has not been. */
  sentAt = NaN;
  /** The steps that have admitted the request: it is sent again only where the same ones apply. */
  admittedBy: Steps | undefined;
  #target: PoolMember | undefined;
  #epoch = 0;
  /** Targets that have failed the request. Undefined while there are none. */
  #failed: PoolMember[] | undefined;
  /** Targets that got the request although another one may have received it. */
  #repeats = 0;
  /** Whether the current attempt failed to connect, and no other target is left. */
  #areAllDown = false;

  /** A request begins. @param steps those that have admitted it */
  begin(steps: Steps | undefined): void {
    this.admittedBy = steps;
    this.#failed = undefined;
    this.#repeats = 0;
    this.upstream = undefined;
  }

  /**
   * Begins an attempt: on an idle stream of the target if `mayUseIdle` is set and there is one, otherwise on a new one.
   *
   * @returns the stream; undefined when there is none (see `refusal`), and then `end` is not to be called.
   */
  open(route: UpstreamRoute, attempted: AttemptedRequest, now: number, mayUseIdle: boolean): ByteStream | undefined {
    const { pool } = route;
    this.#areAllDown = false;
    if (pool.candidates.length > 1 && this.upstream === undefined) pool.retryBudget.onRequest(now);
    const target = pool.pick(attempted, this.#failed);
    // A sole target is always tried: there is nothing to lose.
    if (target === undefined || target.isBlocked === true || (pool.isPlural && !target.available))
      return this.#refuse(targetsDown(pool));
    const { upstream } = target;
    if (!this.#editHead(route, upstream, attempted.request)) return this.#refuse(refusals.PN_ROUTE_PATH);
    const idle = mayUseIdle ? target.reuse(now) : undefined;
    const stream = idle ?? target.open(now);
    if (stream === undefined) return this.#refuse(failures(upstream)[upstream.unavailable ?? "gone"].refusal);
    this.onIdleStream = idle !== undefined;
    this.isAnswered = false;
    this.#target = target;
    this.upstream = upstream;
    this.idle = target.idle;
    this.#epoch = target.epoch ?? 0;
    this.sentAt = NaN;
    return stream;
  }

  /**
   * Whether another target of the pool is to get the request after the current attempt broke: none of it was delivered,
   * or it is idempotent and the pool's budget for retries allows it. Each target is tried once. A request that may have
   * been delivered reaches few targets, because it may be what makes them fail. The break of a stream that was idle
   * says nothing about its target, unless a response has begun.
   */
  failsOver({ pool, steps }: UpstreamRoute, reason: ResetReason, isIdempotent: boolean, now: number): boolean {
    const { delivered } = reason;
    const isSuspect = reason === SUSPECT;
    const target = this.#target;
    if (target === undefined || (this.#isStale && !isSuspect) || steps !== this.admittedBy) return false;
    // A client of a tunnel may have left the pool, with others remaining in it.
    if (!pool.isPlural && pool.targets.every((each) => each === target)) return false;
    if (delivered !== 0 && !isIdempotent) return false;
    const failed = (this.#failed ??= []);
    if (!failed.includes(target)) failed.push(target);
    // One suspect target is no better than another.
    const isAnyLeft = pool.candidates.some(
      (other) => other.available && !(isSuspect && other.suspect) && !failed.includes(other),
    );
    this.#areAllDown = delivered === 0 && !isAnyLeft;
    if (!isAnyLeft || delivered === 0) return isAnyLeft;
    return this.#repeats < RETRY_LIMITS.targets && pool.retryBudget.take(now) && ++this.#repeats > 0;
  }

  /** What the end of the current attempt means for its request. */
  failureOf(cause: BreakCause): Failure {
    return this.#areAllDown ? TARGETS_DOWN : failures(this.#target?.upstream)[cause];
  }

  /** What it means that the current attempt's response is not valid HTTP. `bytes` is the first part of it. */
  flawOf(bytes: Buffer): Failure {
    const isAlert = bytes[0] === ALERT && (bytes.length === 1 || bytes[1] === VERSION);
    return isAlert && this.#target?.upstream.authority !== undefined ? TARGET_BROKEN.scheme : INVALID_RESPONSE;
  }

  /** Whether the target of the current attempt measures the times of its responses. */
  get isTimed(): boolean {
    return this.#target?.onResponse !== undefined;
  }

  /** The final response to the current attempt has begun. */
  onResponse(status: number, clock: Clock): void {
    const target = this.#target;
    target?.onResponse?.(status, clock.now() - this.sentAt, this.#epoch);
  }

  /** The current attempt is over. */
  end(outcome: AttemptOutcome, status: number): void {
    const isStale = this.#isStale && outcome === "broken";
    this.#target?.onAttempt(isStale ? "aborted" : outcome, status, this.#epoch);
    this.#target = undefined;
  }

  /** Whether a break may only mean that the origin closed the connection while it was idle. */
  get #isStale(): boolean {
    return this.onIdleStream && !this.isAnswered;
  }

  /** The target of the current attempt; undefined while there is none. */
  get target(): PoolMember | undefined {
    return this.#target;
  }

  #editHead({ hostHeader, pathEdit }: UpstreamRoute, upstream: Upstream, request: Request): boolean {
    this.hostHeader = hostHeader === TARGET_HOST ? (upstream.hostHeader ?? upstream.authority) : hostHeader;
    this.path = undefined;
    if (pathEdit === undefined) return true;
    const { path } = request;
    if (path === "*") return true;
    this.path = pathEdit.apply(path, upstream.basePath ?? "");
    return this.path !== undefined;
  }

  #refuse(refusal: Refusal): undefined {
    this.refusal = refusal;
  }
}

/** The refusal if no target of the pool takes a request, with the time until one may. */
function targetsDown({ candidates }: Pool): Refusal {
  const refusal = refusals.PN_TARGETS_DOWN;
  const soonest = Math.min(...candidates.map(({ retryIn = 0 }) => retryIn));
  return soonest > 1_000 && soonest < Infinity ? { ...refusal, retryAfter: Math.ceil(soonest / 1_000) } : refusal;
}

/** A target with an address of its own has codes of its own: its owner is not the user of a tunnel. */
function failures(upstream: Upstream | undefined): Readonly<Record<BreakCause, Failure>> {
  return upstream?.authority === undefined ? BROKEN : TARGET_BROKEN;
}
