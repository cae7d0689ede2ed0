import type { Deadline, DeadlineQueue } from "../deadlines/deadline-queue.js";
import { refusals, type Refusal } from "../http/index.js";
import type { GatewayLimits, RouteLimits } from "../limits.js";
import { BodyPace } from "./body-pace.js";
import { SilenceWatch, type Moving } from "./silence-watch.js";
import { StallWatch, type Writing } from "./stall-watch.js";

/** How often a visitor with a request in progress is checked, in milliseconds. */
const INTERVAL = 1_000;
/** How often a visitor that does not read is checked if its limit is shorter than SHORT_STALL. */
const SHORT_INTERVAL = 10;
const SHORT_STALL = 10_000;
/** By which share of its limit a silence may be longer. */
const SILENCE_SHARE = 1 / 16;

/** The parts of an exchange that its visitor's watch uses. */
export interface WatchedExchange extends Moving {
  readonly isBodyBlocked: boolean;
  readonly awaitsResponse: boolean;
  /** Since when a response head has been incomplete; Infinity: no head is. */
  readonly headSince: number;
  fail(refusal: Refusal): void;
  timeOut(): void;
  abort(ended: "timeout"): void;
}

/** The parts of a visitor that its watch uses. */
export interface WatchedVisitor {
  readonly connection: Writing;
  readonly exchange: WatchedExchange | undefined;
  /**
   * `idle`: no request is in progress, or the connection is about to close. `head`, `body`: the part of a request that
   * has begun to arrive.
   */
  readonly phase: "idle" | "head" | "body" | "other";
  /** Called before the limits are checked: at least once a second while a request is in progress. */
  onLook(): void;
  refusePartialHead(): void;
  onBroken(): void;
  destroy(): void;
  /** Called with an error thrown by one of the calls above. */
  onFault(error: unknown): void;
}

/**
 * Watches the time limits of one visitor. It has one place in the queue and moves there only to an earlier time. So a
 * visitor that sends request after request costs the queue about one call a second. Times are in milliseconds.
 */
export class VisitorWatch implements Deadline {
  dueAt = Infinity;
  position = -1;
  readonly #limits: GatewayLimits;
  readonly #queue: DeadlineQueue;
  readonly #visitor: WatchedVisitor;
  readonly #pace: BodyPace;
  readonly #stall = new StallWatch();
  readonly #silence = new SilenceWatch();
  /** How long the current request's origin may take to respond; 0: any time. */
  #answer = 0;
  #expiresAt = Infinity;
  /** When the origin must have responded to a complete request. */
  #respondsBy = Infinity;
  /** Since when the origin has read nothing while a body waits for it. */
  #blockedSince = Infinity;
  #isOver = false;

  constructor(limits: GatewayLimits, queue: DeadlineQueue, visitor: WatchedVisitor) {
    this.#limits = limits;
    this.#queue = queue;
    this.#visitor = visitor;
    this.#pace = new BodyPace(limits);
    this.expireIn(limits.idle);
  }

  /** Sets the time after which the visitor's current phase has expired. */
  expireIn(milliseconds: number): void {
    this.#expiresAt = this.#now + milliseconds;
    this.#schedule(this.#expiresAt);
  }

  /** A head begins to arrive. It must be complete within its own limit, and before the phase expires. */
  beginHead(): void {
    this.expireIn(Math.min(this.#expiresAt - this.#now, this.#limits.head));
  }

  /**
   * A request was read. A body that waits for 100 Continue may begin later.
   * @param limits those of its route. Default: the gateway's.
   */
  beginRequest(hasBody: boolean, expectContinue: boolean, limits?: RouteLimits): void {
    this.#answer = (limits ?? this.#limits).answer;
    this.#silence.begin(limits?.idle ?? 0);
    const now = this.#now;
    this.#expiresAt = this.#respondsBy = this.#blockedSince = Infinity;
    this.#pace.begin(now, expectContinue ? this.#limits.idle : 0);
    this.#schedule(Math.min(now + this.#interval, hasBody ? this.#pace.deadline : Infinity));
    if (!hasBody) this.#endRequest(now);
  }

  /** Content of the body has arrived, `bytes` in all. */
  onBody(bytes: number): void {
    this.#pace.onBytes(this.#now, bytes);
  }

  /** The whole request has been read. */
  endRequest(): void {
    this.#endRequest(this.#now);
  }

  /** The origin accepts no more of the request. */
  block(): void {
    if (this.#blockedSince < Infinity) return;
    this.#blockedSince = this.#now;
    this.#pace.stop(this.#blockedSince);
    this.#schedule(this.#blockedSince + this.#mostBlocked);
  }

  /** The origin accepts more of the request. */
  unblock(): void {
    this.#blockedSince = Infinity;
    this.#pace.resume(this.#now);
    this.#schedule(this.#pace.deadline);
  }

  /** Bytes wait until the visitor reads. */
  onUnsent(): void {
    if (this.#stall.since < Infinity) return;
    const now = this.#now;
    this.#stall.look(now, this.#visitor.connection);
    this.#schedule(now + this.#interval);
  }

  /** For how long the visitor has been idle. Valid only while it is idle. */
  idleFor(now: number): number {
    return now + this.#limits.idle - this.#expiresAt;
  }

  onDue(now: number): void {
    try {
      this.#visitor.onLook();
      this.#enforce(now);
    } catch (error) {
      this.#visitor.onFault(error);
    }
    // A limit that was just exceeded is in the past.
    this.#schedule(Math.max(this.#nextLook(now), now + SHORT_INTERVAL));
  }

  /** The visitor is gone. */
  close(): void {
    this.#isOver = true;
    this.#queue.cancel(this);
  }

  get #now(): number {
    return this.#queue.clock.now();
  }

  #endRequest(now: number): void {
    if (this.#answer === 0) return;
    this.#respondsBy = now + this.#answer;
    this.#schedule(this.#respondsBy);
  }

  #schedule(time: number): void {
    if (!this.#isOver) this.#queue.schedule(this, time);
  }

  #enforce(now: number): void {
    const visitor = this.#visitor;
    const { exchange, phase } = visitor;
    const { stall, head } = this.#limits;
    this.#stall.look(now, visitor.connection);
    if (now - this.#stall.since >= stall) {
      exchange?.abort("timeout");
      return visitor.onBroken();
    }
    if (now >= this.#expiresAt) return phase === "head" ? visitor.refusePartialHead() : visitor.destroy();
    if (exchange === undefined) return;
    if (exchange.isBodyBlocked) this.block();
    else this.#blockedSince = Infinity;
    if (now - this.#blockedSince >= this.#mostBlocked || now - exchange.headSince >= head) return exchange.timeOut();
    this.#silence.look(now, exchange, visitor.connection.unsent);
    if (this.#silence.isOver(now)) return exchange.timeOut();
    if (!exchange.awaitsResponse) return;
    if (now >= this.#respondsBy) return exchange.timeOut();
    if (phase === "body" && now >= this.#pace.deadline) exchange.fail(refusals.PN_HTTP_BODY_TIMEOUT);
  }

  /** The maximum time between two checks of the visitor while a request is in progress. */
  get #interval(): number {
    const { stall, head } = this.#limits;
    if (this.#stall.since < Infinity && stall < SHORT_STALL) return SHORT_INTERVAL;
    return Math.min(INTERVAL, head, Math.max(SHORT_INTERVAL, this.#silence.limit * SILENCE_SHARE));
  }

  /** How long the origin may read nothing while a body waits for it. */
  get #mostBlocked(): number {
    return Math.min(this.#limits.stall, this.#silence.limit);
  }

  #nextLook(now: number): number {
    const { stall, head } = this.#limits;
    const { exchange, phase } = this.#visitor;
    if (phase === "idle" || phase === "head") return this.#expiresAt;
    let next = Math.min(now + this.#interval, this.#expiresAt, this.#stall.since + stall);
    next = Math.min(next, this.#blockedSince + this.#mostBlocked);
    if (exchange === undefined) return next;
    next = Math.min(next, exchange.headSince + head, this.#silence.dueAt);
    if (!exchange.awaitsResponse) return next;
    return Math.min(next, this.#respondsBy, phase === "body" ? this.#pace.deadline : Infinity);
  }
}
