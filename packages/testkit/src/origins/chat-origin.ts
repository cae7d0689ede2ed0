import { WebSocketServer, type WebSocket } from "ws";
import type { Defer } from "../cleanup.js";
import { Origin } from "./origin.js";

/** A WebSocket room that sends each message to all other members, as text or binary like the original. */
export class ChatOrigin {
  readonly origin: Origin;
  readonly room: Set<WebSocket>;

  private constructor(origin: Origin, room: Set<WebSocket>) {
    this.origin = origin;
    this.room = room;
  }

  static async start(defer: Defer): Promise<ChatOrigin> {
    const origin = await Origin.start(defer, (_, outgoing) => outgoing.writeHead(426).end());
    const sockets = new WebSocketServer({ noServer: true, maxPayload: 64 * 1024 * 1024 });
    origin.onUpgrade((incoming, socket, first) =>
      sockets.handleUpgrade(incoming, socket, first, (guest) => {
        guest.on("error", () => guest.terminate());
        guest.on("message", (data, isBinary) => {
          for (const other of sockets.clients) if (other !== guest) other.send(data, { binary: isBinary });
        });
      }),
    );
    return new ChatOrigin(origin, sockets.clients);
  }
}
