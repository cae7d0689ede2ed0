import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";

const MAX_MESSAGE = 16 * 1024;

/** Sends every WebSocket message back. */
export class Echo {
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE, perMessageDeflate: false });

  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.on("message", (data, isBinary) => webSocket.send(data, { binary: isBinary }));
      // Without a listener, a protocol error of the peer would end the process. The socket closes by itself.
      webSocket.on("error", () => {});
    });
  }

  /** Closes every socket. */
  end(): void {
    for (const webSocket of this.#sockets.clients) webSocket.close(1001);
  }
}
