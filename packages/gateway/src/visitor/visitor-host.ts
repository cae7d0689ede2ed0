import type { Linked } from "@postern/net";
import type { DeadlineQueue } from "../deadlines/deadline-queue.js";
import type { ExchangeContext } from "../exchange/exchange-context.js";
import type { CreateFilesExchange } from "../exchange/visitor-exchange.js";
import type { Refusal } from "../http/index.js";
import type { GatewayLimits } from "../limits.js";
import type { AccessLogger, Router } from "../route.js";
import type { Forwarding } from "./forwarding.js";

/** A visitor as the gateway sees it, regardless of its protocol. */
export interface HttpVisitor extends Linked<HttpVisitor> {
  /** Closes an idle connection; others close after their response. */
  drain(): void;
  /**
   * Closes a connection that has been idle for `milliseconds`. `now` is the time of the gateway's clock.
   * @returns whether it was closed
   */
  shed(now: number, milliseconds: number): boolean;
  /** Closes at once. */
  destroy(): void;
}

/** The parts of the gateway that its visitors use. */
export interface VisitorHost {
  readonly router: Router;
  readonly limits: GatewayLimits;
  readonly deadlines: DeadlineQueue;
  readonly forwarding: Forwarding;
  readonly exchanges: ExchangeContext;
  /** Creates the exchanges of routes with files. Undefined: there are no such routes, and their code is not loaded. */
  readonly createFilesExchange: CreateFilesExchange | undefined;
  /** For requests on routes without a log of their own. Undefined: they are not logged. */
  readonly accessLog: AccessLogger | undefined;
  /** Whether connections close after their current response. */
  readonly closing: boolean;
  /** Whether there is no memory for more requests. */
  readonly overloaded: boolean;
  /** The visitor has left, or its connection was delegated. */
  forget(visitor: HttpVisitor): void;
  /** A request was refused before an exchange began, so no route reports it as finished. */
  onRefused(refusal: Refusal): void;
  /** Called with an error thrown in the gateway or the router. The visitor's connection is closed. */
  onFault(error: unknown): void;
}
