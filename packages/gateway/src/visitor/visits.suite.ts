import { SharedDomain } from "../cookies/shared-domain.js";
import { DeadlineQueue } from "../deadlines/deadline-queue.js";
import { FakeClock } from "../deadlines/fake-clock.suite.js";
import { ExchangeContext } from "../exchange/exchange-context.js";
import { FakeUpstream } from "../exchange/fake-visitors.suite.js";
import { FileExchange } from "../files/index.js";
import { DEFAULT_GATEWAY_LIMITS, type GatewayLimits } from "../limits.js";
import { MemoryConnection } from "../memory-relay.suite.js";
import type { AccessLogger, Route, Router } from "../route.js";
import { Forwarding } from "./forwarding.js";
import { Http1Visitor } from "./http1-visitor.js";
import type { VisitorHost } from "./visitor-host.js";

/** Requests and responses of a visitor whose clock stands still until the test lets time pass. */
export class Visit {
  readonly clock = new FakeClock();
  readonly deadlines = new DeadlineQueue(this.clock);
  readonly connection = new MemoryConnection();
  readonly upstream = new FakeUpstream();
  readonly visitor: Http1Visitor;
  /** Errors in the gateway. Undefined: they are thrown. */
  faults: unknown[] | undefined;

  /** @param router default: every request goes to `upstream` */
  constructor(limits: Partial<GatewayLimits> = {}, router?: Router, accessLog?: AccessLogger) {
    const all = { ...DEFAULT_GATEWAY_LIMITS, ...limits };
    const host: VisitorHost = {
      router: router ?? ((): Route => this.upstream.route),
      limits: all,
      deadlines: this.deadlines,
      forwarding: new Forwarding(),
      accessLog,
      exchanges: new ExchangeContext({
        clock: this.clock,
        limits: all,
        sharedDomain: new SharedDomain("tunnel.example.com"),
      }),
      createFilesExchange: (visitor, request) => new FileExchange(visitor, request),
      closing: false,
      overloaded: false,
      forget() {},
      onRefused() {},
      onFault: (error) => {
        if (this.faults === undefined) throw error;
        this.faults.push(error);
      },
    };
    this.visitor = new Http1Visitor(this.connection, host, { proto: "http" });
  }

  /** The visitor sends `text`. */
  send(text: string): void {
    this.connection.arrive(Buffer.from(text));
  }

  /** The origin sends `text`. */
  respond(text: string): void {
    this.upstream.stream.arrive(Buffer.from(text));
    this.connection.pump();
  }

  /** Lets `milliseconds` pass. */
  pass(milliseconds: number): void {
    this.clock.pass(milliseconds);
    this.connection.pump();
  }

  /**
   * Lets time pass, in steps of 5 ms, until `isOver`.
   * @returns the milliseconds that passed; Infinity after `most`.
   */
  timeUntil(isOver: () => boolean, most = 1_000_000): number {
    for (let passed = 0; passed <= most; passed += 5) {
      if (isOver()) return passed;
      this.pass(5);
    }
    return Infinity;
  }
}
