import { createServer, type IncomingMessage, type Server as HttpServer, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { unmapped, type TrustedProxies } from "@postern/gateway";
import { SUBPROTOCOL } from "@postern/protocol";
import type { MetricsPage } from "./metrics-page.js";
import { answerUpgrade, refusal } from "./websocket-upgrade.js";

/** How long a connection to the server itself may be silent, in milliseconds, until it is a session. */
const SILENCE = 10_000;

export interface FrontDeskEvents {
  /** A client at `address` stands on `socket` with a WebSocket, and `head` has come on it already. Nobody knows yet who it is. */
  onClient(socket: Socket, head: Buffer, address: string): void;
  /** Whether the server takes new work. */
  readonly healthy: boolean;
}

export interface FrontDeskOptions {
  trustedProxies: TrustedProxies;
  /** The path of its health; undefined: nowhere. */
  health: string | undefined;
  metrics: MetricsPage | undefined;
}

/** The server's own HTTP: `/connect` for clients, its health and its metrics, on the base domain. It never listens; connections are handed to it. */
export class FrontDesk {
  readonly #events: FrontDeskEvents;
  readonly #options: FrontDeskOptions;
  readonly #http: HttpServer;

  constructor(events: FrontDeskEvents, options: FrontDeskOptions) {
    this.#events = events;
    this.#options = options;
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
    const { health, metrics } = this.#options;
    const isRead = request.method === "GET" || request.method === "HEAD";
    switch (request.url?.split("?")[0]) {
      case "/connect":
        response.setHeader("Upgrade", "websocket");
        return answer(response, 426, { error: `Clients connect here by WebSocket, subprotocol ${SUBPROTOCOL}.` });
      case health:
        if (!isRead) break;
        return answer(response, healthy ? 200 : 503, { status: healthy ? "ok" : "draining" });
      case metrics?.path:
        if (!isRead || metrics === undefined) break;
        return void answerMetrics(request, response, metrics).catch(() => response.destroy());
      case "/":
        if (!isRead) break;
        return answer(response, 200, { service: "postern", hint: "Tunnels live on the names below this domain." });
    }
    answer(response, 404, {
      error: "There is nothing here; tunnels live on the names below this domain.",
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
    return this.#options.trustedProxies.visitor(peer, String(headers["x-forwarded-for"] ?? ""));
  }
}

function answer(response: ServerResponse, status: number, body: object): void {
  const json = `${JSON.stringify(body)}\n`;
  response.writeHead(status, { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(json) });
  response.end(json);
}

async function answerMetrics(request: IncomingMessage, response: ServerResponse, page: MetricsPage): Promise<void> {
  const peer = unmapped(request.socket.remoteAddress ?? "unknown");
  const refused = page.refusal({ headers: request.headers, peer });
  if (refused !== undefined) {
    if (refused.status === 401) response.setHeader("WWW-Authenticate", 'Bearer realm="metrics"');
    return answer(response, refused.status, { error: refused.error });
  }
  const text = Buffer.from(await page.metrics.text());
  response.writeHead(200, { "Content-Type": page.metrics.contentType, "Content-Length": text.length });
  response.end(text);
}
