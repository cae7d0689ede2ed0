import type { Defer } from "../cleanup.js";
import { ClientProcess, type ClientProcessOptions } from "./client-process.js";
import { exchange, type Exchange, type ExchangeOptions } from "../network/exchange.js";
import { ServerProcess } from "./server-process.js";
import { Wire } from "../network/wire.js";

/** A service that is reachable through a tunnel, from a visitor's point of view. */
export class Published {
  readonly server: ServerProcess;
  readonly client: ClientProcess;

  private constructor(server: ServerProcess, client: ClientProcess) {
    this.server = server;
    this.client = client;
  }

  /** Publishes `target` on `server`, or on a server of its own. */
  static async start(
    defer: Defer,
    target: string | number,
    options: Partial<Omit<ClientProcessOptions, "server">> & { server?: ServerProcess } = {},
  ): Promise<Published> {
    const server = options.server ?? (await ServerProcess.start(defer));
    return new Published(server, await ClientProcess.start(defer, { ...options, server, target }));
  }

  /** What visitors connect to. */
  get port(): number {
    return this.server.port;
  }

  /** What visitors send as Host. */
  get host(): string {
    return this.client.host;
  }

  /** The public URL of a path. */
  url(path = "/"): string {
    return new URL(path, this.client.url).href;
  }

  /** One request of a visitor, on a connection of its own. */
  visit(path: string, options: Omit<ExchangeOptions, "host" | "path"> = {}): Promise<Exchange> {
    return exchange(this.port, { ...options, host: this.host, path });
  }

  /** A visitor's bare connection. */
  wire(defer: Defer): Promise<Wire> {
    return Wire.dial(defer, this.port);
  }

  /** A visitor's bare connection that has sent a request head: `first` is its first line, Host is added. */
  async ask(defer: Defer, first: string, ...fields: string[]): Promise<Wire> {
    const wire = await this.wire(defer);
    wire.write([`${first} HTTP/1.1`, `Host: ${this.host}`, ...fields, "", ""].join("\r\n"));
    return wire;
  }
}
