import { LinkedList, type Connection } from "@postern/net";
import { SharedDomain } from "./cookies/shared-domain.js";
import { SYSTEM_CLOCK, type Clock } from "./deadlines/clock.js";
import { DeadlineQueue } from "./deadlines/deadline-queue.js";
import { ExchangeContext } from "./exchange/exchange-context.js";
import type { CreateFilesExchange } from "./exchange/visitor-exchange.js";
import type { Refusal } from "./http/index.js";
import { DEFAULT_GATEWAY_LIMITS, type GatewayLimits } from "./limits.js";
import { MEMORY_LIMITS, memoryPressure, memoryShare, type MemoryPressure } from "./memory-pressure.js";
import type { AccessLogger, Router } from "./route.js";
import type { ConnectionInfo } from "./visitor/connection-info.js";
import { Http1Visitor } from "./visitor/http1-visitor.js";
import { Forwarding, type ForwardingOptions } from "./visitor/forwarding.js";
import type { HttpVisitor, VisitorHost } from "./visitor/visitor-host.js";

/** How often the memory is checked, in milliseconds. Thousands of connections can arrive within a second. */
const MEMORY_INTERVAL = 100;
/** A connection that is idle for this many milliseconds may be closed to save memory. */
const SHED_AFTER = 1_000;
/** Connections that are closed in one check, because closing needs memory before it frees some. */
const MOST_SHED = 1_000;
/** How often memory is taken from the owner that holds the most, in milliseconds. */
const EVICT_INTERVAL = 1_000;

export interface GatewayOptions extends ForwardingOptions {
  /**
   * The scheme of connections that are accepted without a `ConnectionInfo`. It is `https` even if a proxy in front
   * terminates TLS.
   */
  proto: "http" | "https";
  limits?: Partial<GatewayLimits>;
  /**
   * The domain whose subdomains belong to different owners, in lower case. A response's cookies for it, and for domains
   * above it, are dropped. Default: none, and all cookies pass.
   */
  sharedDomain?: string | undefined;
  /**
   * Returns the mark of the cookies by which this gateway knows visitors (`cookieMark`): no target gets one. Default:
   * only steps remove such cookies.
   */
  ownCookies?: (() => string) | undefined;
  /** Creates the exchanges of routes with files. Default: there are no such routes. */
  createFilesExchange?: CreateFilesExchange | undefined;
  /** The share of its memory that the process uses, 0 to 1. Default: `memoryShare`. */
  memory?: () => number;
  /** The clock of all deadlines. Default: `SYSTEM_CLOCK`. */
  clock?: Clock;
  /** Called when memory pressure changes. */
  onPressure?: (pressure: MemoryPressure) => void;
  /** Called with the refusal of a request that was not sent to a route's target. */
  onRefused?: (refusal: Refusal) => void;
  /** Called once a second while memory is above MEMORY_LIMITS.evict: frees memory outside the gateway. */
  onShortage?: () => void;
  /** Logs the requests on routes without a log of their own, and those that are refused before. Default: none. */
  accessLog?: AccessLogger | undefined;
  /** Called with an error thrown in the gateway or the router. The visitor's connection is closed. */
  onFault?: (error: unknown) => void;
}

/** Serves visitors' connections: reads their requests, routes each request, and relays it. */
export class Gateway implements VisitorHost {
  readonly router: Router;
  readonly limits: GatewayLimits;
  readonly deadlines: DeadlineQueue;
  readonly forwarding: Forwarding;
  readonly exchanges: ExchangeContext;
  readonly createFilesExchange: CreateFilesExchange | undefined;
  readonly accessLog: AccessLogger | undefined;
  readonly onRefused: (refusal: Refusal) => void;
  readonly onFault: (error: unknown) => void;
  pressure: MemoryPressure = "none";
  #draining = false;
  /** When memory may be taken from an owner again, in milliseconds. */
  #evictsAt = -Infinity;
  readonly #memory: () => number;
  readonly #onPressure: (pressure: MemoryPressure) => void;
  readonly #onShortage: () => void;
  readonly #info: ConnectionInfo;
  readonly #visitors = new LinkedList<HttpVisitor>();
  readonly #timer: NodeJS.Timeout;
  #drained: (() => void) | undefined;

  constructor(router: Router, options: GatewayOptions) {
    this.router = router;
    this.#info = { proto: options.proto };
    this.forwarding = new Forwarding(options);
    this.createFilesExchange = options.createFilesExchange;
    this.accessLog = options.accessLog;
    this.onRefused = options.onRefused ?? ((): void => {});
    this.onFault = options.onFault ?? ((): void => {});
    this.#memory = options.memory ?? memoryShare;
    this.#onPressure = options.onPressure ?? ((): void => {});
    this.#onShortage = options.onShortage ?? ((): void => {});
    const { clock = SYSTEM_CLOCK, sharedDomain, ownCookies } = options;
    this.limits = { ...DEFAULT_GATEWAY_LIMITS, ...options.limits };
    this.deadlines = new DeadlineQueue(clock);
    this.exchanges = new ExchangeContext({
      clock,
      limits: this.limits,
      sharedDomain: sharedDomain === undefined ? undefined : new SharedDomain(sharedDomain),
      ownCookies,
    });
    this.#timer = setInterval(() => this.#checkMemory(), MEMORY_INTERVAL).unref();
  }

  /** Connections open now. */
  get visitors(): number {
    return this.#visitors.size;
  }

  get closing(): boolean {
    return this.#draining || (this.pressure !== "none" && this.pressure !== "shed");
  }

  get overloaded(): boolean {
    return this.pressure === "refuse";
  }

  /** Serves the visitor on `connection`. */
  accept(connection: Connection, info: ConnectionInfo = this.#info): void {
    this.#visitors.add(new Http1Visitor(connection, this, info));
  }

  forget(visitor: HttpVisitor): void {
    this.#visitors.remove(visitor);
    if (this.#visitors.size === 0) this.#drained?.();
  }

  /**
   * Closes idle connections at once, and the others after their current response. After `timeout` milliseconds it
   * closes all that are left. Can be called twice.
   */
  async drain(timeout: number): Promise<void> {
    this.#draining = true;
    for (const visitor of this.#visitors) visitor.drain();
    if (this.#visitors.size > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, timeout);
      this.#drained = resolve;
      await promise;
      clearTimeout(timer);
    }
    clearInterval(this.#timer);
    this.deadlines.close();
    for (const visitor of this.#visitors) visitor.destroy();
  }

  #checkMemory(): void {
    const share = this.#memory();
    const pressure = memoryPressure(share, this.pressure);
    if (pressure !== this.pressure) {
      this.pressure = pressure;
      this.#onPressure(pressure);
    }
    if (pressure === "none") return;
    const now = this.deadlines.clock.now();
    if (share >= MEMORY_LIMITS.evict && now >= this.#evictsAt) {
      this.#evictsAt = now + EVICT_INTERVAL;
      this.#onShortage();
    }
    // The oldest connections come first. A visitor that has just connected may be about to send a request.
    let closed = 0;
    for (const visitor of this.#visitors) {
      if (visitor.shed(now, SHED_AFTER) && ++closed >= MOST_SHED) return;
    }
  }
}
