import { BodyPace } from "./body-pace.js";
import type { VisitorLimits } from "./limits.js";
import { StallWatch, type Writing } from "./stall-watch.js";

/** The parts of an exchange that have deadlines. */
export interface WatchedExchange {
  readonly isBodyBlocked: boolean;
  readonly awaitsResponse: boolean;
  headWaited(elapsed: number): number;
}

/** The state of a visitor, as far as deadlines depend on it. */
export type WatchedPhase = "idle" | "body" | "response" | "other";

/**
 * The limit that was exceeded: `stalled`, the visitor reads nothing of its response; `origin`, the origin reads nothing
 * of the request or does not respond; `body`, the request's body is too slow; `deadline`, the time set by `expireIn`
 * has passed.
 */
export type PassedLimit = "stalled" | "origin" | "body" | "deadline";

/** Watches the time limits of one visitor. Times are in milliseconds. */
export class VisitorWatch {
  readonly #limits: VisitorLimits;
  readonly #pace: BodyPace;
  readonly #stall = new StallWatch();
  #deadline: number;
  /**
   * How long the origin has not responded to a complete request, and how long it has read nothing while a body waits
   * for it.
   */
  #awaited = 0;
  #blocked = 0;

  constructor(limits: VisitorLimits) {
    this.#limits = limits;
    this.#pace = new BodyPace(limits);
    this.#deadline = performance.now() + limits.idle;
  }

  /** Sets the next deadline. */
  expireIn(milliseconds: number): void {
    this.#deadline = performance.now() + milliseconds;
  }

  /** A head begins to arrive. It must be complete within its own limit, and before the current deadline. */
  beginHead(): void {
    this.#deadline = Math.min(this.#deadline, performance.now() + this.#limits.head);
  }

  /** A request was read. A body that waits for 100 Continue may begin later. */
  beginRequest(expectContinue: boolean): void {
    this.#deadline = Infinity;
    this.#awaited = 0;
    this.#pace.begin(expectContinue ? this.#limits.idle : 0);
  }

  /** The origin accepts more of the request. */
  unblock(): void {
    this.#blocked = 0;
  }

  /** For how long the visitor has been idle. Valid only while it is idle. */
  idleFor(now: number): number {
    return now + this.#limits.idle - this.#deadline;
  }

  /** Call it `elapsed` milliseconds after the last call. @returns the limit that was exceeded, if any. */
  look(
    now: number,
    elapsed: number,
    phase: WatchedPhase,
    { connection, exchange, bodyBytes }: { connection: Writing; exchange: WatchedExchange; bodyBytes: number },
  ): PassedLimit | undefined {
    const limits = this.#limits;
    if (this.#stall.look(connection, elapsed) >= limits.stall) return "stalled";
    this.#blocked = exchange.isBodyBlocked ? this.#blocked + elapsed : 0;
    if (this.#blocked >= limits.stall || exchange.headWaited(elapsed) >= limits.head) return "origin";
    switch (phase) {
      case "body":
        return exchange.isBodyBlocked || this.#pace.waited(elapsed, bodyBytes) ? undefined : "body";
      case "response":
        if (limits.answer === 0 || !exchange.awaitsResponse) return undefined;
        this.#awaited += elapsed;
        return this.#awaited >= limits.answer ? "origin" : undefined;
      case "idle":
        return now >= this.#deadline ? "deadline" : undefined;
      case "other":
        return undefined;
    }
  }
}
