import type { SharedDomain } from "../cookies/shared-domain.js";
import type { Router } from "../route.js";
import type { Forwarding } from "./forwarding.js";
import type { VisitorLimits } from "./limits.js";

/** A visitor as the gateway sees it, regardless of its protocol. */
export interface HttpVisitor {
  /** Looks at deadlines, `elapsed` milliseconds after the last time. `now`: of `performance.now()`. */
  tick(now: number, elapsed: number): void;
  /** Closes an idle connection; others close after their response. */
  drain(): void;
  /** Closes a connection that has been idle for `milliseconds`. */
  shed(now: number, milliseconds: number): void;
  /** Closes at once. */
  destroy(): void;
}

/** The gateway, as its visitors need it. */
export interface VisitorHost {
  readonly router: Router;
  readonly limits: VisitorLimits;
  readonly forwarding: Forwarding;
  /** Origins may not set cookies for this domain; undefined: for any. */
  readonly sharedDomain: SharedDomain | undefined;
  /** Connections close after the response that they wait for. */
  readonly closing: boolean;
  /** There is no memory for more requests. */
  readonly overloaded: boolean;
  /** The visitor has left, or its connection was handed over. */
  forget(visitor: HttpVisitor): void;
  /** An error of the gateway's own, or of the router; the visitor's connection is closed. */
  onFault(error: unknown): void;
}
