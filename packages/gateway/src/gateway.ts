import type { Socket } from "node:net";
import type { Arrival } from "./visitor/connection-info.js";
import { memoryPressure, memoryShare, type MemoryPressure } from "./memory-pressure.js";
import type { Router } from "./route.js";
import { TrustedProxies } from "./visitor/trusted-proxies.js";
import { DEFAULT_VISITOR_LIMITS, type VisitorLimits } from "./visitor/limits.js";
import { Visitor, type VisitorHost } from "./visitor/visitor.js";

/** How often deadlines are looked at, in milliseconds. */
const TICK = 1_000;

export interface GatewayOptions {
  /** By which scheme visitors reach it, where their connections don't say: `https` also when a TLS proxy stands before it. */
  proto: "http" | "https";
  limits?: Partial<VisitorLimits>;
  /** Whose X-Forwarded-For is believed. Default: nobody's. */
  trustedProxies?: TrustedProxies;
  /** How much of its memory the process uses, 0 to 1. Default: what `memoryShare` finds. */
  memory?: () => number;
  /** Hears when memory gets short, shorter or less short. Default: nobody hears. */
  onPressure?: (pressure: MemoryPressure) => void;
  /** Hears of errors that are the gateway's own, or the router's; each has ended one visitor's connection. Default: nobody hears. */
  onFault?: (error: unknown) => void;
}

/** Serves visitors' connections: reads their requests, routes each, relays it. Who accepts the connections is no matter. */
export class Gateway implements VisitorHost {
  readonly router: Router;
  readonly limits: VisitorLimits;
  readonly trustedProxies: TrustedProxies;
  readonly onFault: (error: unknown) => void;
  /** For want of memory. */
  pressure: MemoryPressure = "none";
  #draining = false;
  readonly #memory: () => number;
  readonly #onPressure: (pressure: MemoryPressure) => void;
  readonly #arrival: Arrival;
  readonly #visitors = new Set<Visitor>();
  readonly #timer: NodeJS.Timeout;
  #drained: (() => void) | undefined;

  constructor(router: Router, options: GatewayOptions) {
    this.router = router;
    this.#arrival = { proto: options.proto };
    this.trustedProxies = options.trustedProxies ?? new TrustedProxies();
    this.onFault = options.onFault ?? ((): void => {});
    this.#memory = options.memory ?? memoryShare;
    this.#onPressure = options.onPressure ?? ((): void => {});
    this.limits = { ...DEFAULT_VISITOR_LIMITS, ...options.limits };
    this.#timer = setInterval(() => this.#tick(), TICK).unref();
  }

  /** Connections open now. */
  get visitors(): number {
    return this.#visitors.size;
  }

  get closing(): boolean {
    return this.#draining || this.pressure === "close" || this.pressure === "refuse";
  }

  get overloaded(): boolean {
    return this.pressure === "refuse";
  }

  /** Takes a connection; it must be allowed to half-close (`allowHalfOpen`). */
  accept(socket: Socket, arrival: Arrival = this.#arrival): void {
    this.#visitors.add(new Visitor(socket, this, arrival));
  }

  forget(visitor: Visitor): void {
    this.#visitors.delete(visitor);
    if (this.#visitors.size === 0) this.#drained?.();
  }

  /** Closes idle connections at once and the others after the answer they wait for; after `timeout` milliseconds all the rest. Can be called twice. */
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
    for (const visitor of this.#visitors) visitor.destroy();
  }

  #tick(): void {
    const now = performance.now();
    for (const visitor of this.#visitors) visitor.tick(now, TICK);
    const pressure = memoryPressure(this.#memory(), this.pressure);
    if (pressure !== this.pressure) {
      this.pressure = pressure;
      this.#onPressure(pressure);
    }
    if (pressure === "none") return;
    // Who has only just come may be about to ask.
    for (const visitor of this.#visitors) visitor.shed(now, TICK);
  }
}
