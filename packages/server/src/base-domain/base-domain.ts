import { createServer, type IncomingMessage, type Server as HttpServer, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import {
  nextRequestId,
  noticeAnswer,
  refusalAnswer,
  writeAnswer,
  type AnswerContext,
  type Notice,
  type OwnAnswer,
  type Refusal,
  type TrustedProxies,
} from "@postern/gateway";
import { unmapped } from "@postern/net";
import { frontDeskRefusals, type FrontDeskRefusal } from "./refusals.js";
import type { MetricsPage } from "./metrics-page.js";
import { acceptUpgrade, upgradeFault } from "./websocket-upgrade.js";

/** How long a connection to the server itself may be silent, in milliseconds, until it is a session. */
const SILENCE = 10_000;

export interface FrontDeskEvents {
  /** A client at `address` stands on `socket` with a WebSocket, and `head` has come on it already. Nobody knows yet who it is. */
  onClient(socket: Socket, head: Buffer, address: string): void;
  /** A request is answered with the error `code`. */
  onRefused(code: FrontDeskRefusal): void;
  /** Whether the server takes new work. */
  readonly healthy: boolean;
}

export interface FrontDeskOptions {
  /** What the addresses of tunnels look like, for people; known once the server listens. */
  tunnels: () => string;
  trustedProxies: TrustedProxies;
  /** The path of its health; undefined: nowhere. */
  health: string | undefined;
  metrics: MetricsPage | undefined;
}

/**
 * The server's own HTTP: `/connect` for clients, its health and its metrics, on the base domain. It never listens; connections are handed
 * to it. What it refuses, it refuses as the gateway does: as HTML, JSON or text.
 */
export class FrontDesk {
  readonly #events: FrontDeskEvents;
  readonly #options: FrontDeskOptions;
  readonly #http: HttpServer;
  #refusals: Readonly<Record<FrontDeskRefusal, Refusal>> | undefined;

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
    const { healthy } = this.#events;
    const { health, metrics } = this.#options;
    const isRead = request.method === "GET" || request.method === "HEAD";
    const refuse = (code: FrontDeskRefusal): void => answer(response, refusalAnswer(...this.#refuse(request, code)));
    switch (pathOf(request)) {
      case "/connect":
        return refuse("PN_CONNECT_UPGRADE");
      case health:
        if (!isRead) return refuse("PN_PAGE_METHOD");
        return answer(response, healthAnswer(healthy));
      case metrics?.path: {
        if (metrics === undefined) break;
        if (!isRead) return refuse("PN_PAGE_METHOD");
        const fault = metrics.refusal({ headers: request.headers, peer: peerOf(request) });
        if (fault !== undefined) return refuse(fault);
        return void answerMetrics(response, metrics).catch(() => response.destroy());
      }
      case "/":
        if (!isRead) return refuse("PN_PAGE_METHOD");
        return answer(response, noticeAnswer(this.#welcome(), contextOf(request)));
    }
    refuse("PN_PAGE_UNKNOWN");
  }

  #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const fault = pathOf(request) === "/connect" ? upgradeFault(request) : "PN_CONNECT_HANDSHAKE";
    if (fault !== undefined) return void socket.end(writeAnswer(...this.#refuse(request, fault)));
    socket.write(acceptUpgrade(request));
    // A session has a heartbeat of its own.
    (socket as Socket).setTimeout(0);
    this.#events.onClient(socket as Socket, head, this.#addressOf(request));
  }

  #welcome(): Notice {
    const tunnels = this.#options.tunnels();
    return {
      title: "Postern",
      message: `This is a Postern server. Its tunnels are at \`${tunnels}\`; \`postern http\` opens one.`,
    };
  }

  /** Tells of it, and returns why and whom it refuses. */
  #refuse(request: IncomingMessage, code: FrontDeskRefusal): [Refusal, AnswerContext] {
    this.#events.onRefused(code);
    this.#refusals ??= frontDeskRefusals(this.#options.tunnels());
    return [this.#refusals[code], contextOf(request)];
  }

  #addressOf(request: IncomingMessage): string {
    // node:http joins lines of one name with commas.
    return this.#options.trustedProxies.visitor(peerOf(request), String(request.headers["x-forwarded-for"] ?? ""));
  }
}

function pathOf({ url = "" }: IncomingMessage): string | undefined {
  return url.split("?", 1)[0];
}

function peerOf({ socket }: IncomingMessage): string {
  return unmapped(socket.remoteAddress ?? "unknown");
}

/** One answer a connection: what comes next may be for a tunnel, and belongs to whoever reads visitors' heads. */
function contextOf({ headers, method }: IncomingMessage): AnswerContext {
  const { accept = "" } = headers;
  return { accept, requestId: nextRequestId(), close: true, headOnly: method === "HEAD", now: new Date() };
}

/** Node leaves the body out where HEAD asked. */
function answer(response: ServerResponse, { status, fields, body }: OwnAnswer): void {
  response.writeHead(status, fields);
  response.end(body);
}

/** For programs alone, whatever they accept. */
function healthAnswer(healthy: boolean): OwnAnswer {
  const body = Buffer.from(`${JSON.stringify({ status: healthy ? "ok" : "draining" })}\n`);
  return { status: healthy ? 200 : 503, fields: pageFields("application/json", body), body };
}

async function answerMetrics(response: ServerResponse, { metrics }: MetricsPage): Promise<void> {
  const body = Buffer.from(await metrics.text());
  answer(response, { status: 200, fields: pageFields(metrics.contentType, body), body });
}

function pageFields(type: string, body: Buffer): OwnAnswer["fields"] {
  return {
    "Content-Type": type,
    "Content-Length": String(body.length),
    "X-Content-Type-Options": "nosniff",
    Connection: "close",
  };
}
