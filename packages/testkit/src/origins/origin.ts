import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Defer } from "../cleanup.js";

/** A request that an origin has received. */
export interface SeenRequest {
  method: string;
  url: string;
  headers: IncomingMessage["headers"];
  rawHeaders: string[];
  /** True when the response was cut off because the other side closed the connection. */
  aborted: boolean;
}

/** A local service in the test's own process, on a free port. */
export class Origin {
  readonly port: number;
  readonly server: Server;
  readonly requests: SeenRequest[] = [];
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
    server.prependListener("request", (incoming, outgoing) => {
      const seen: SeenRequest = {
        method: incoming.method ?? "",
        url: incoming.url ?? "",
        headers: incoming.headers,
        rawHeaders: incoming.rawHeaders,
        aborted: false,
      };
      this.requests.push(seen);
      outgoing.on("close", () => (seen.aborted = !outgoing.writableFinished));
    });
  }

  /** @param address the IP address to listen on */
  static async start(defer: Defer, listener: RequestListener, address = "127.0.0.1"): Promise<Origin> {
    // Larger than the heads that the server lets through.
    const server = createServer({ maxHeaderSize: 64 * 1024 }, listener);
    await new Promise<void>((resolve) => server.listen(0, address, resolve));
    const origin = new Origin(server);
    defer(() => origin.close());
    return origin;
  }

  /** The number of open connections. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** Bytes written to the open connections, including those still in Node's buffers. */
  get bytesWritten(): number {
    return [...this.#sockets].reduce((sum, { bytesWritten }) => sum + bytesWritten, 0);
  }

  /** The latest request. Throws when there is none. */
  get last(): SeenRequest {
    const last = this.requests.at(-1);
    if (last === undefined) throw new Error("no request has reached the origin");
    return last;
  }

  onUpgrade(listener: (incoming: IncomingMessage, socket: Duplex, first: Buffer) => void): this {
    this.server.on("upgrade", listener);
    return this;
  }

  /** Stops listening and destroys all connections. Idempotent. */
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    if (this.server.listening) await new Promise((resolve) => this.server.close(resolve));
  }
}
