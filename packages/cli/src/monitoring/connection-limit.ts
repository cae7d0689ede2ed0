import type { Socket } from "node:net";

/**
 * Limits concurrent connections. Beyond the limit, the oldest connection that has not shown a token is closed, so that
 * idle connections of a stranger do not lock out programs that have the token.
 */
export class ConnectionLimit {
  readonly #max: number;
  /** All open connections, oldest first, and whether each has shown a token. */
  readonly #sockets = new Map<Socket, boolean>();

  constructor(max: number) {
    this.#max = max;
  }

  add(socket: Socket): void {
    this.#sockets.set(socket, false);
    socket.once("close", () => this.#sockets.delete(socket));
    if (this.#sockets.size > this.#max) this.#closeOne();
  }

  /** The connection has shown a token. */
  trust(socket: Socket): void {
    if (this.#sockets.has(socket)) this.#sockets.set(socket, true);
  }

  /** There is always one to close: the newest connection has not shown a token yet. */
  #closeOne(): void {
    for (const [socket, isTrusted] of this.#sockets) {
      if (isTrusted) continue;
      this.#sockets.delete(socket);
      socket.destroy();
      return;
    }
  }
}
