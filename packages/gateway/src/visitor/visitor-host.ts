import type { Router } from "../route.js";
import type { VisitorLimits } from "./limits.js";
import type { TrustedProxies } from "./trusted-proxies.js";

/** A visitor as the gateway sees it, whatever protocol it speaks. */
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
  readonly trustedProxies: TrustedProxies;
  /** Connections close after the response that they wait for. */
  readonly closing: boolean;
  /** There is no memory for more requests. */
  readonly overloaded: boolean;
  /** The visitor is gone, or its connection was given away. */
  forget(visitor: HttpVisitor): void;
  /** An error of the gateway's own, or of the router; the visitor's connection is closed. */
  onFault(error: unknown): void;
}
