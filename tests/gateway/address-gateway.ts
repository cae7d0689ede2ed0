import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import {
  AddressUpstream,
  Gateway,
  Pool,
  RoundRobin,
  Target,
  TARGET_HOST,
  type AddressOptions,
  type Clock,
  type FinishedRequest,
  type GatewayOptions,
  type TargetFailure,
  type UpstreamRoute,
} from "@postern/gateway";
import { SocketConnection } from "@postern/net";
import { exchange, Wire, type Defer, type Exchange, type ExchangeOptions } from "@postern/testkit";

export interface AddressGatewayOptions {
  route?: Partial<UpstreamRoute>;
  gateway?: Partial<GatewayOptions>;
  clock?: Clock;
}

/** A target without those options that all targets of a gateway share. */
export type TargetOptions = Omit<AddressOptions, "clock" | "onFailure">;

/** A gateway in this process, which sends all requests to targets with addresses. */
export class AddressGateway {
  readonly host = "a.example";
  readonly port: number;
  readonly targets: readonly Target[];
  /** Outcomes of all attempts. */
  readonly outcomes: string[];
  readonly finished: Pick<FinishedRequest, "path" | "status" | "ended" | "code">[];
  /** What the owner of the targets is told. */
  readonly failures: TargetFailure[];

  private constructor(
    port: number,
    targets: readonly Target[],
    records: Pick<AddressGateway, "outcomes" | "finished" | "failures">,
  ) {
    this.port = port;
    this.targets = targets;
    this.outcomes = records.outcomes;
    this.finished = records.finished;
    this.failures = records.failures;
  }

  /** Starts a gateway before targets with these options, or before services on these ports of 127.0.0.1. */
  static async start(
    defer: Defer,
    targets: readonly (TargetOptions | number)[],
    { route, gateway: options, clock }: AddressGatewayOptions = {},
  ): Promise<AddressGateway> {
    const records: Pick<AddressGateway, "outcomes" | "finished" | "failures"> = {
      outcomes: [],
      finished: [],
      failures: [],
    };
    const all = targets.map((target) => {
      const address = typeof target === "number" ? plain(target) : target;
      return new Target(
        new AddressUpstream({ ...address, clock, onFailure: (failure) => records.failures.push(failure) }),
      );
    });
    const gateway = new Gateway(
      () => ({
        kind: "upstream",
        pool,
        hostHeader: TARGET_HOST,
        onAttempt: (outcome) => records.outcomes.push(outcome),
        onFinished: ({ path, status, ended, code }) => records.finished.push({ path, status, ended, code }),
        ...route,
      }),
      { proto: "http", ...options, ...(clock !== undefined && { clock }) },
    );
    const pool = new Pool(all, new RoundRobin());
    const listener = createServer({ allowHalfOpen: true, highWaterMark: 4096, noDelay: true }, (socket) =>
      gateway.accept(new SocketConnection(socket, { mayLend: true })),
    );
    listener.listen(0, "127.0.0.1");
    await once(listener, "listening");
    const sweeper = setInterval(() => {
      for (const target of all) target.sweep((clock ?? performance).now());
    }, 1_000);
    defer(async () => {
      clearInterval(sweeper);
      listener.close();
      await gateway.drain(0);
      for (const { idle } of all) idle.close();
    });
    return new AddressGateway((listener.address() as AddressInfo).port, all, records);
  }

  /** Sends one request on a new connection. */
  visit(path: string, options: Omit<ExchangeOptions, "host" | "path"> = {}): Promise<Exchange> {
    return exchange(this.port, { ...options, host: this.host, path });
  }

  /** Opens a visitor's connection. */
  wire(defer: Defer): Promise<Wire> {
    return Wire.dial(defer, this.port);
  }

  /** Opens a visitor's connection and sends a request head: `first` is its first line without the version. */
  async ask(defer: Defer, first: string, ...fields: string[]): Promise<Wire> {
    const wire = await this.wire(defer);
    wire.write([`${first} HTTP/1.1`, `Host: ${this.host}`, ...fields, "", ""].join("\r\n"));
    return wire;
  }
}

function plain(port: number): TargetOptions {
  return { address: { host: "127.0.0.1", port, tls: false } };
}
