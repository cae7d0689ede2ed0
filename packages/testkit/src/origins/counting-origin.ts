import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { Defer } from "../cleanup.js";

/**
 * How an origin leaves its connections: `announced` ends each after its answer and says so; `ends` and `breaks` do it without a word;
 * `deaf` breaks it when the next request arrives, unread; a number: after so many idle milliseconds, without a word.
 */
export type Leaving = "announced" | "ends" | "breaks" | "deaf" | number;

/** A local service that counts how often it has executed each request, by its path, and is unreliable with connections. */
export class CountingOrigin {
  readonly port: number;
  /** By path. */
  readonly executed = new Map<string, number>();
  connections = 0;
  readonly #leaving: Leaving;

  private constructor(server: Server, leaving: Leaving) {
    this.port = (server.address() as AddressInfo).port;
    this.#leaving = leaving;
    server.on("connection", (socket) => this.#serve(socket));
  }

  static async start(defer: Defer, leaving: Leaving): Promise<CountingOrigin> {
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
    return new CountingOrigin(server, leaving);
  }

  #serve(socket: Socket): void {
    this.connections += 1;
    let request = "";
    let answers = 0;
    if (typeof this.#leaving === "number") socket.setTimeout(this.#leaving, () => socket.end());
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => {
      // A server that has ended its side executes nothing more (RFC 9112, section 9.6).
      if (socket.writableEnded) return;
      if (this.#leaving === "deaf" && answers > 0) return void socket.resetAndDestroy();
      request += chunk.toString("latin1");
      if (!isWhole(request)) return;
      const [, method = "", path = ""] = /^([A-Z]+) (\S+) /.exec(request) ?? [];
      request = "";
      answers += 1;
      this.executed.set(path, (this.executed.get(path) ?? 0) + 1);
      this.#answer(socket, method, path);
    });
  }

  #answer(socket: Socket, method: string, path: string): void {
    const close = this.#leaving === "announced" ? "Connection: close\r\n" : "";
    const head = `HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n${close}\r\n`;
    socket.write(method === "HEAD" ? head : head + path);
    if (this.#leaving === "announced" || this.#leaving === "ends") socket.end();
    if (this.#leaving === "breaks") socket.resetAndDestroy();
  }
}

/** Whether a head and its body are there: one request, nothing behind it. */
export function isWhole(text: string): boolean {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return false;
  const head = text.slice(0, end + 2);
  const body = text.slice(end + 4);
  if (/\r\ntransfer-encoding: chunked\r\n/i.test(head)) return `\r\n${body}`.endsWith("\r\n0\r\n\r\n");
  return body.length === Number(/\r\ncontent-length: (\d+)\r\n/i.exec(head)?.[1] ?? 0);
}
