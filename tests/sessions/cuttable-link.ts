import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { Defer } from "@postern/testkit";

/** A TCP relay to a server that can reset its connections. It accepts new connections afterwards. */
export class CuttableLink {
  /** The time of each connection, from `performance.now()`. */
  readonly arrivals: number[] = [];
  readonly #listener: Server;
  readonly #sockets = new Set<Socket>();
  readonly #pairs: [client: Socket, server: Socket][] = [];

  private constructor(listener: Server) {
    this.#listener = listener;
  }

  static async start(defer: Defer, target: number): Promise<CuttableLink> {
    const listener = createServer({ allowHalfOpen: true, noDelay: true }, (client) => link.#join(client, target));
    const link = new CuttableLink(listener);
    listener.listen({ port: 0, host: "127.0.0.1", backlog: 4_096 });
    await once(listener, "listening");
    defer(async () => {
      link.cut();
      listener.close();
    });
    return link;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#listener.address() as AddressInfo).port}`;
  }

  /** Resets every connection. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Sends bytes of neither side to the client, or to the server, on every connection. */
  inject(to: "client" | "server", bytes: Buffer): void {
    for (const [client, server] of this.#pairs) (to === "client" ? client : server).write(bytes);
  }

  /** Resets the oldest connection. */
  cutOne(): void {
    const [oldest] = this.#sockets;
    oldest?.resetAndDestroy();
  }

  #join(client: Socket, target: number): void {
    this.arrivals.push(performance.now());
    const server = connect({ port: target, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    this.#pairs.push([client, server]);
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
