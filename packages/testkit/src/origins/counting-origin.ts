import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { Defer } from "../cleanup.js";

/**
 * How an origin closes its connections. `announced`: ends them after a response with `Connection: close`. `end` and
 * `reset`: ends or resets them after a response without that field. `reset-next`: resets them when the next request
 * arrives. A number: ends them when no request follows a response for this many milliseconds. A busy machine may take
 * longer to send the first request.
 */
export type ConnectionClose = "announced" | "end" | "reset" | "reset-next" | number;

/** A local service that counts the executions of each request by path, and closes connections as `close` specifies. */
export class CountingOrigin {
  readonly port: number;
  /** By path. */
  readonly executed = new Map<string, number>();
  connections = 0;
  readonly #close: ConnectionClose;

  private constructor(server: Server, close: ConnectionClose) {
    this.port = (server.address() as AddressInfo).port;
    this.#close = close;
    server.on("connection", (socket) => this.#serve(socket));
  }

  static async start(defer: Defer, close: ConnectionClose): Promise<CountingOrigin> {
    const server = createServer({ noDelay: true });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const open = new Set<Socket>();
    server.on("connection", (socket) => {
      open.add(socket);
      socket.on("close", () => open.delete(socket));
    });
    defer(async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    });
    return new CountingOrigin(server, close);
  }

  #serve(socket: Socket): void {
    this.connections += 1;
    let request = "";
    let responses = 0;
    socket.on("timeout", () => socket.end());
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => {
      // A server that has ended its side executes nothing more (RFC 9112, section 9.6).
      if (socket.writableEnded) return;
      if (this.#close === "reset-next" && responses > 0) return void socket.resetAndDestroy();
      socket.setTimeout(0);
      request += chunk.toString("latin1");
      if (!isWhole(request)) return;
      const [, method = "", path = ""] = /^([A-Z]+) (\S+) /.exec(request) ?? [];
      request = "";
      responses += 1;
      this.executed.set(path, (this.executed.get(path) ?? 0) + 1);
      this.#respond(socket, method, path);
    });
  }

  #respond(socket: Socket, method: string, path: string): void {
    const close = this.#close === "announced" ? "Connection: close\r\n" : "";
    const head = `HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n${close}\r\n`;
    socket.write(method === "HEAD" ? head : head + path);
    if (this.#close === "announced" || this.#close === "end") socket.end();
    if (this.#close === "reset") socket.resetAndDestroy();
    if (typeof this.#close === "number") socket.setTimeout(this.#close);
  }
}

/** True when the text is exactly one complete request. */
export function isWhole(text: string): boolean {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return false;
  const head = text.slice(0, end + 2);
  const body = text.slice(end + 4);
  if (/\r\ntransfer-encoding: chunked\r\n/i.test(head)) return `\r\n${body}`.endsWith("\r\n0\r\n\r\n");
  return body.length === Number(/\r\ncontent-length: (\d+)\r\n/i.exec(head)?.[1] ?? 0);
}
