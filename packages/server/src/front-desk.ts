import { createServer, type IncomingMessage, type Server as HttpServer, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { unmapped, type TrustedProxies } from "@postern/gateway";
import { SUBPROTOCOL } from "@postern/protocol";
import { answerUpgrade, refusal } from "./websocket-upgrade.js";

/** How long a connection to the server itself may be silent, in milliseconds, until it is a session. */
const SILENCE = 10_000;

export interface FrontDeskEvents {
  /** A client at `address` stands on `socket` with a WebSocket, and `head` has come on it already. Nobody knows yet who it is. */
  onClient(socket: Socket, head: Buffer, address: string): void;
  /** Whether the server takes new work. */
  readonly healthy: boolean;
}

/** The server's own HTTP: `/connect` for clients and `/health`, on the base domain. It never listens; connections are handed to it. */
export class FrontDesk {
  readonly #events: FrontDeskEvents;
  readonly #trustedProxies: TrustedProxies;
  readonly #http: HttpServer;

  constructor(events: FrontDeskEvents, trustedProxies: TrustedProxies) {
    this.#events = events;
    this.#trustedProxies = trustedProxies;
    this.#http = createServer((request, response) => this.#onRequest(request, response));
    this.#http.on("upgrade", (request, socket, head) => this.#onUpgrade(request, socket, head));
  }

  /** Serves the connection, whose first head is still unread in it. */
  take(socket: Socket): void {
    // node:http's own deadlines only run on a server that listens.
    socket.setTimeout(SILENCE, () => socket.destroy());
    socket.on("error", () => {});
    this.#http.emit("connection", socket);
    socket.resume();
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    // One answer a connection: what comes next may be for a tunnel, and belongs to whoever reads visitors' heads.
    response.setHeader("Connection", "close");
    response.setHeader("X-Content-Type-Options", "nosniff");
    const { healthy } = this.#events;
    const isRead = request.method === "GET" || request.method === "HEAD";
    switch (request.url?.split("?")[0]) {
      case "/health":
        if (!isRead) break;
        return answer(response, healthy ? 200 : 503, { status: healthy ? "ok" : "draining" });
      case "/connect":
        response.setHeader("Upgrade", "websocket");
        return answer(response, 426, { error: `Clients connect here by WebSocket, subprotocol ${SUBPROTOCOL}.` });
      case "/":
        if (!isRead) break;
        return answer(response, 200, { service: "postern", hint: "Tunnels live on the names below this domain." });
    }
    answer(response, 404, {
      error: "Only /connect and /health are here; tunnels live on the names below this domain.",
    });
  }

  #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const connects = request.url?.split("?")[0] === "/connect";
    const { accepted, text } = connects ? answerUpgrade(request) : refusal("400 Bad Request", "Clients use /connect.");
    if (!accepted) return void socket.end(text);
    socket.write(text);
    // A session has a heartbeat of its own.
    (socket as Socket).setTimeout(0);
    this.#events.onClient(socket as Socket, head, this.#addressOf(request));
  }

  #addressOf({ socket, headers }: IncomingMessage): string {
    const peer = unmapped(socket.remoteAddress ?? "unknown");
    // node:http joins lines of one name with commas.
    return this.#trustedProxies.visitor(peer, String(headers["x-forwarded-for"] ?? ""));
  }
}

function answer(response: ServerResponse, status: number, body: object): void {
  const json = `${JSON.stringify(body)}\n`;
  response.writeHead(status, { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(json) });
  response.end(json);
}
