import type { IncomingMessage, Server as HttpServer, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import {
  nextRequestId,
  noticeResponse,
  refusalResponse,
  writeOwnResponse,
  type ResponseContext,
  type Notice,
  type OwnResponse,
  type Refusal,
  type TrustedProxies,
} from "@postern/gateway";
import { builtins, unmapped } from "@postern/net";
import { baseDomainRefusals, type BaseDomainRefusal } from "./refusals.js";
import { METRICS_TYPE } from "../metrics/declared-metrics.js";
import type { MetricsPage } from "./metrics-page.js";
import { dropInput, keepFirstHead } from "./single-request.js";
import { acceptUpgrade, offersWebSocket, upgradeFault } from "./websocket-upgrade.js";

/** How long a connection to the base domain may be idle until it becomes a session, in milliseconds. */
const IDLE_TIMEOUT = 10_000;

/** Bytes of a head. The gateway has already read it, within its own limits, which are lower. */
const MAX_HEAD = 1_048_576;

const NOTHING = Buffer.alloc(0);

export interface BaseDomainEvents {
  /**
   * A client at `address` has opened a WebSocket on `socket`, and `head` was already read from the socket. The client
   * is not logged in.
   */
  onClient(socket: Socket, head: Buffer, address: string): void;
  /** A request is refused with the error `code`. */
  onRefused(code: BaseDomainRefusal): void;
}

export interface BaseDomainOptions {
  /** The pattern of tunnel URLs in messages. It is known once the server listens. */
  tunnelPattern: () => string;
  /** Whether the server accepts new work. */
  isHealthy: () => boolean;
  trustedProxies: TrustedProxies;
  /** The path of the health page; undefined: there is no health page. */
  health: string | undefined;
  metrics: MetricsPage | undefined;
}

/**
 * The server's own HTTP on the base domain: `/connect` for clients, the health page and the metrics. It does not
 * listen: the gateway delegates connections to it. Its refusals look like the gateway's: HTML, JSON or text.
 */
export class BaseDomain {
  readonly #events: BaseDomainEvents;
  readonly #options: BaseDomainOptions;
  readonly #http: HttpServer;
  /** Bytes that arrived behind the head of a connection's request, for connections with such bytes. */
  readonly #behind = new WeakMap<Duplex, Buffer>();
  #refusals: Readonly<Record<BaseDomainRefusal, Refusal>> | undefined;

  constructor(events: BaseDomainEvents, options: BaseDomainOptions) {
    this.#events = events;
    this.#options = options;
    // An offer of another protocol, such as h2c, is ignored, and the request gets its page (RFC 9110 7.8).
    this.#http = builtins.http.createServer(
      { shouldUpgradeCallback: offersWebSocket, maxHeaderSize: MAX_HEAD },
      (request, response) => {
        dropInput(request.socket);
        this.#onRequest(request, response);
      },
    );
    this.#http.on("upgrade", (request, socket, head) => {
      const behind = this.#behind.get(socket) ?? NOTHING;
      this.#behind.delete(socket);
      this.#onUpgrade(request, socket, Buffer.concat([behind, head]));
    });
  }

  /** Serves a connection. The first request head in it is still unread. */
  take(socket: Socket): void {
    // The deadlines of node:http apply only to a server that listens.
    // These listeners stay for as long as a session, so all connections share them.
    socket.setTimeout(IDLE_TIMEOUT).on("timeout", destroy).on("error", ignore);
    const behind = keepFirstHead(socket);
    if (behind.length > 0) this.#behind.set(socket, behind);
    this.#http.emit("connection", socket);
    socket.resume();
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    const { health, metrics, isHealthy } = this.#options;
    const isRead = request.method === "GET" || request.method === "HEAD";
    const refuse = (code: BaseDomainRefusal): void =>
      respond(response, refusalResponse(...this.#refuse(request, code)));
    switch (pathOf(request)) {
      case "/connect":
        return refuse("PN_CONNECT_UPGRADE");
      case health:
        if (!isRead) return refuse("PN_PAGE_METHOD");
        return respond(response, healthResponse(isHealthy()));
      case metrics?.path: {
        if (metrics === undefined) break;
        if (!isRead) return refuse("PN_PAGE_METHOD");
        const fault = metrics.refusal({ headers: request.headers, peer: peerOf(request) });
        if (fault !== undefined) return refuse(fault);
        return void respondMetrics(response, metrics).catch(() => response.destroy());
      }
      case "/":
        if (!isRead) return refuse("PN_PAGE_METHOD");
        return respond(response, noticeResponse(this.#welcome(), contextOf(request)));
    }
    refuse("PN_PAGE_UNKNOWN");
  }

  #onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const fault = pathOf(request) === "/connect" ? upgradeFault(request) : "PN_CONNECT_HANDSHAKE";
    if (fault !== undefined) return void socket.end(writeOwnResponse(...this.#refuse(request, fault)));
    socket.write(acceptUpgrade(request));
    // From now on the session's heartbeat detects dead connections.
    (socket as Socket).setTimeout(0).off("timeout", destroy);
    this.#events.onClient(socket as Socket, head, this.#addressOf(request));
  }

  #welcome(): Notice {
    const tunnels = this.#options.tunnelPattern();
    return {
      title: "Postern",
      message: `This is a Postern server. Its tunnels are at \`${tunnels}\`. Share a local service with \`postern http\`.`,
    };
  }

  #refuse(request: IncomingMessage, code: BaseDomainRefusal): [Refusal, ResponseContext] {
    this.#events.onRefused(code);
    this.#refusals ??= baseDomainRefusals(this.#options.tunnelPattern());
    return [this.#refusals[code], contextOf(request)];
  }

  #addressOf(request: IncomingMessage): string {
    // node:http joins lines of the same name with commas.
    return this.#options.trustedProxies.visitor(peerOf(request), String(request.headers["x-forwarded-for"] ?? ""));
  }
}

function destroy(this: Socket): void {
  this.destroy();
}

function ignore(): void {}

const ORIGIN = /^https?:\/\/[^/?]*/i;

/** The path of the target, which may have the absolute form. The gateway has compared its host with Host. */
function pathOf({ url = "" }: IncomingMessage): string {
  const [path = ""] = url.replace(ORIGIN, "").split("?", 1);
  return path === "" ? "/" : path;
}

function peerOf({ socket }: IncomingMessage): string {
  return unmapped(socket.remoteAddress ?? "unknown");
}

/**
 * Each connection gets one response: the next request on it may be for a tunnel, and only the gateway may read that.
 */
function contextOf({ headers, method }: IncomingMessage): ResponseContext {
  const { accept = "" } = headers;
  return { accept, requestId: nextRequestId(), close: true, headOnly: method === "HEAD", now: new Date() };
}

/** node:http omits the body of a response to HEAD. */
function respond(response: ServerResponse, { status, fields, body }: OwnResponse): void {
  response.writeHead(status, fields);
  response.end(body);
}

/** Always JSON, because programs read it. */
function healthResponse(healthy: boolean): OwnResponse {
  const body = Buffer.from(`${JSON.stringify({ status: healthy ? "ok" : "draining" })}\n`);
  return { status: healthy ? 200 : 503, fields: pageFields("application/json", body), body };
}

async function respondMetrics(response: ServerResponse, { metrics }: MetricsPage): Promise<void> {
  const body = Buffer.from(await metrics.text());
  respond(response, { status: 200, fields: pageFields(METRICS_TYPE, body), body });
}

function pageFields(type: string, body: Buffer): OwnResponse["fields"] {
  return {
    "Content-Type": type,
    "Content-Length": String(body.length),
    "X-Content-Type-Options": "nosniff",
    Connection: "close",
  };
}
