import type { Socket } from "node:net";
import type { Peer } from "./connection.suite.js";

/** The far end of a connection on a socket. */
export class SocketPeer implements Peer {
  received = "";
  ended = false;
  broken = false;
  readonly #socket: Socket;
  readonly #tcp: Socket;

  /** @param tcp the socket below TLS. */
  constructor(socket: Socket, tcp = socket) {
    this.#socket = socket;
    this.#tcp = tcp;
    socket.on("data", (chunk: Buffer) => (this.received += chunk.toString("latin1")));
    socket.on("end", () => (this.ended = true));
    socket.on("error", () => (this.broken = true));
  }
  send(text: string): void {
    this.#socket.write(text, "latin1");
  }
  end(): void {
    this.#socket.end();
  }
  reset(): void {
    this.#tcp.resetAndDestroy();
  }
  stall(): void {
    this.#socket.pause();
  }
  goOn(): void {
    this.#socket.resume();
  }
}
