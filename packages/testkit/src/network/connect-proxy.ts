import { readFileSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { CertificateFiles } from "./certificate.js";
import type { Defer } from "../cleanup.js";

export interface ConnectProxyOptions {
  /** The port it listens on. Default: a free port. */
  listen?: number;
  /**
   * The loopback port that every tunnel leads to, regardless of the requested name, even if the name does not resolve.
   */
  port?: number;
  /** The `name:password` that it requires. */
  credentials?: string;
  /** Makes it an HTTPS proxy. */
  tls?: CertificateFiles;
  /** Handles the connection instead of the proxy after a request was read, to simulate misbehaviour. */
  answer?: (socket: Socket) => void;
}

/** An HTTP proxy for CONNECT in the test's process, on a loopback port. */
export class ConnectProxy {
  readonly port: number;
  /** The requested destinations, as `host:port`, in order. */
  readonly asked: string[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #options: ConnectProxyOptions;

  private constructor(server: Server, options: ConnectProxyOptions) {
    this.#server = server;
    this.#options = options;
    this.port = (server.address() as AddressInfo).port;
    // Connections whose TLS handshake fails are counted too.
    server.on("connection", (socket: Socket) => this.#keep(socket));
    server.on(options.tls === undefined ? "connection" : "secureConnection", (socket: Socket) => this.#serve(socket));
    server.on("tlsClientError", () => {});
  }

  static async start(defer: Defer, options: ConnectProxyOptions): Promise<ConnectProxy> {
    const { tls, listen = 0 } = options;
    const server =
      tls === undefined
        ? createServer()
        : createTlsServer({ cert: readFileSync(tls.certificate), key: readFileSync(tls.key) });
    await new Promise<void>((resolve) => server.listen(listen, "127.0.0.1", resolve));
    const proxy = new ConnectProxy(server, options);
    defer(() => proxy.close());
    return proxy;
  }

  /** Connections of clients that are open now. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** Resets all connections through it. */
  drop(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Stops listening and closes all connections. Idempotent. */
  async close(): Promise<void> {
    this.drop();
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => {}).on("close", () => this.#sockets.delete(socket));
  }

  #serve(socket: Socket): void {
    let head = "";
    const onData = (chunk: Buffer): void => {
      head += chunk.toString("latin1");
      if (!head.includes("\r\n\r\n")) return;
      socket.off("data", onData);
      this.#answer(socket, head);
    };
    socket.on("error", () => {}).on("data", onData);
  }

  #answer(socket: Socket, head: string): void {
    const { answer, credentials, port } = this.#options;
    this.asked.push(/^CONNECT (\S+) HTTP\/1\.1\r\n/.exec(head)?.[1] ?? head);
    if (answer !== undefined) return answer(socket);
    const shown = /^proxy-authorization: Basic (\S+)\r$/im.exec(head)?.[1] ?? "";
    if (credentials !== undefined && Buffer.from(shown, "base64").toString() !== credentials)
      return void socket.end(
        'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="test"\r\n\r\n',
      );
    if (port === undefined) return void socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
    const destination = connect(port, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      socket.pipe(destination).pipe(socket);
    });
    destination.on("error", () => socket.destroy()).on("close", () => socket.destroy());
    socket.on("close", () => destination.destroy());
  }
}
