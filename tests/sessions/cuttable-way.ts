import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { Defer } from "@postern/testkit";

/** A way to a server that can be cut: whoever is on it loses the connection at once, and may come back. */
export class CuttableWay {
  /** When each connection came, in milliseconds of `performance.now()`. */
  readonly arrivals: number[] = [];
  readonly #listener: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(listener: Server) {
    this.#listener = listener;
  }

  static async start(defer: Defer, target: number): Promise<CuttableWay> {
    const listener = createServer({ allowHalfOpen: true, noDelay: true }, (client) => way.#join(client, target));
    const way = new CuttableWay(listener);
    listener.listen({ port: 0, host: "127.0.0.1", backlog: 4_096 });
    await once(listener, "listening");
    defer(async () => {
      way.cut();
      listener.close();
    });
    return way;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#listener.address() as AddressInfo).port}`;
  }

  /** Tears every connection. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Tears the connection that is there longest. */
  cutOne(): void {
    const [oldest] = this.#sockets;
    oldest?.resetAndDestroy();
  }

  #join(client: Socket, target: number): void {
    this.arrivals.push(performance.now());
    const server = connect({ port: target, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(from);
      from.pipe(to);
      from.on("error", () => to.destroy());
      from.on("close", () => {
        this.#sockets.delete(from);
        to.destroy();
      });
    }
  }
}
