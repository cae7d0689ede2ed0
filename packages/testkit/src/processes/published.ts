import type { Defer } from "../cleanup.js";
import { ClientProcess, type ClientProcessOptions } from "./client-process.js";
import { exchange, type Exchange, type ExchangeOptions } from "../network/exchange.js";
import { ServerProcess } from "./server-process.js";
import { Wire } from "../network/wire.js";

/** A published service, as a visitor sees it. */
export class Published {
  readonly server: ServerProcess;
  readonly client: ClientProcess;

  private constructor(server: ServerProcess, client: ClientProcess) {
    this.server = server;
    this.client = client;
  }

  /** Publishes `target` on `server`, or on a new server. */
  static async start(
    defer: Defer,
    target: string | number,
    options: Partial<Omit<ClientProcessOptions, "server">> & { server?: ServerProcess } = {},
  ): Promise<Published> {
    const server = options.server ?? (await ServerProcess.start(defer));
    return new Published(server, await ClientProcess.start(defer, { ...options, server, target }));
  }

  /** The port that visitors connect to. */
  get port(): number {
    return this.server.port;
  }

  /** The Host that visitors send. */
  get host(): string {
    return this.client.host;
  }

  /** The public URL of a path. */
  url(path = "/"): string {
    return new URL(path, this.client.url).href;
  }

  /** Sends one request on a new connection. */
  visit(path: string, options: Omit<ExchangeOptions, "host" | "path"> = {}): Promise<Exchange> {
    return exchange(this.port, { ...options, host: this.host, path });
  }

  /** Opens a visitor's connection. */
  wire(defer: Defer): Promise<Wire> {
    return Wire.dial(defer, this.port);
  }

  /**
   * Opens a visitor's connection and sends a request head: `first` is its first line without the version; Host is
   * added.
   */
  async ask(defer: Defer, first: string, ...fields: string[]): Promise<Wire> {
    const wire = await this.wire(defer);
    wire.write([`${first} HTTP/1.1`, `Host: ${this.host}`, ...fields, "", ""].join("\r\n"));
    return wire;
  }
}
