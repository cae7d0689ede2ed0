import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { matches, metricFamilies, metricsText, METRICS_TEXT_TYPE, type NumberedEvent } from "@postern/client/status";
import { builtins } from "@postern/net";
import { boundedJson } from "../terminal/bounded-json.js";
import { AccessToken } from "./access-token.js";
import type { ClientStatus } from "./client-status.js";
import { ConnectionLimit } from "./connection-limit.js";
import { eventQuery } from "./event-query.js";
import { EventStream } from "./event-stream.js";
import { LOCAL_API_REFUSALS, type LocalApiRefusal } from "./local-api-refusals.js";
import { PAGE, PAGE_FILES, PAGE_POLICY, type PageFile } from "./page-files.js";
import { isAllowed } from "./request-guard.js";

export const LOCAL_API_LIMITS = {
  /** Concurrent connections. Beyond it, the oldest one that has not shown a token is closed. */
  connections: 64,
  /** Concurrent readers of live events. */
  streams: 16,
  /** Bytes of a request head. */
  head: 8 * 1024,
  /** Milliseconds for a whole request. */
  request: 5_000,
  /** Milliseconds without data in either direction after which a connection is closed. */
  idle: 10_000,
  /** Bytes of events in one response; the oldest are omitted. */
  events: 1024 * 1024,
  /** Ports to try after the configured one, before any free port is used. */
  nextPorts: 20,
} as const;

const INDEX = `The local API of a Postern client:
  /api/status   state, health and metrics of every endpoint
  /api/events   recent events (?type=error&since=2026-11-22T10:00:00Z); live events with Accept: text/event-stream
  /metrics      metrics for Prometheus, or as JSON with Accept: application/json
  /health       200 if every endpoint is healthy, otherwise 503
/api/… needs the token of the client's run file: Authorization: Bearer TOKEN
`;

/** Prevents web pages of other sites from using responses, and caches from storing them. */
const HEADERS = {
  "Cache-Control": "no-store",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
};

export interface LocalApiOptions {
  /** A loopback `host:port`. If the port is in use, the next free one is used. */
  listen: string;
  status: ClientStatus;
  /** Whether /metrics exists. */
  metrics: boolean;
  /** The bearer token that /metrics requires. Default: none, every program on this machine may read the metrics. */
  metricsToken?: string | undefined;
}

/**
 * The HTTP API of the client for programs on this machine, and a page for browsers. It is read-only and contains no
 * secrets. It refuses requests from web pages of other origins, and requests for host names other than its own. `/api/`
 * requires a token that changes with each start, because other users of this machine can connect too.
 */
export class LocalApi {
  readonly url: string;
  /** The token that /api/ requires. */
  readonly token = new AccessToken();
  readonly #server: Server;
  readonly #host: string;
  readonly #port: number;
  readonly #status: ClientStatus;
  readonly #metrics: boolean;
  readonly #metricsToken: AccessToken | undefined;
  readonly #limit = new ConnectionLimit(LOCAL_API_LIMITS.connections);
  #streams = 0;

  private constructor(server: Server, { status, metrics, metricsToken }: LocalApiOptions) {
    const { address, family, port } = server.address() as AddressInfo;
    this.#host = family === "IPv6" ? `[${address}]` : address;
    this.url = `http://${this.#host}:${port}`;
    this.#server = server;
    this.#port = port;
    this.#status = status;
    this.#metrics = metrics;
    this.#metricsToken = metricsToken === undefined ? undefined : new AccessToken(metricsToken);
    server.on("connection", (socket: Socket) => this.#limit.add(socket));
    server.on("request", (incoming, outgoing) => this.#respond(incoming, outgoing));
  }

  /** The link to the page, with the token in the fragment, which browsers do not send. */
  get pageUrl(): string {
    return `${this.url}/#token=${this.token.text}`;
  }

  /** Starts to listen. @throws the system's error when no port can be used. */
  static async open(options: LocalApiOptions): Promise<LocalApi> {
    const server = builtins.http.createServer({
      maxHeaderSize: LOCAL_API_LIMITS.head,
      headersTimeout: LOCAL_API_LIMITS.request,
      requestTimeout: LOCAL_API_LIMITS.request,
      connectionsCheckingInterval: 1_000,
      keepAliveTimeout: LOCAL_API_LIMITS.idle,
    });
    server.timeout = LOCAL_API_LIMITS.idle;
    const at = options.listen.lastIndexOf(":");
    const host = options.listen.slice(0, at).replace(/^\[(.*)\]$/, "$1");
    const configured = Number(options.listen.slice(at + 1));
    const next = Array.from({ length: LOCAL_API_LIMITS.nextPorts }, (_, index) => configured + 1 + index);
    for (const port of [configured, ...next.filter((port) => port <= 65_535 && configured !== 0), 0])
      if (await tryListen(server, host, port)) break;
    return new LocalApi(server, options);
  }

  /** Closes all connections. Can be called twice. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  #respond(incoming: IncomingMessage, outgoing: ServerResponse): void {
    for (const [name, value] of Object.entries(HEADERS)) outgoing.setHeader(name, value);
    // No path accepts a body, and an unread body would block the connection.
    if (incoming.headers["content-length"] !== undefined || incoming.headers["transfer-encoding"] !== undefined)
      outgoing.setHeader("Connection", "close");
    if (!isAllowed(incoming, this.#host, this.#port)) return refuse(outgoing, "PN_LOCAL_FORBIDDEN");
    if (incoming.method !== "GET" && incoming.method !== "HEAD") {
      outgoing.setHeader("Allow", "GET, HEAD");
      return refuse(outgoing, "PN_LOCAL_METHOD");
    }
    const [path = "", query = ""] = (incoming.url ?? "").split("?", 2);
    if (path.startsWith("/api/") && !this.#hasToken(incoming, this.token)) return demandToken(outgoing);
    switch (path) {
      case "/":
        if (accepts(incoming, "text/html")) return sendFile(outgoing, PAGE);
        return send(outgoing, 200, "text/plain; charset=utf-8", INDEX);
      case "/api/status":
        return json(outgoing, 200, this.#status.document());
      case "/api/events":
        return this.#events(incoming, outgoing, new URLSearchParams(query));
      case "/health":
        return this.#health(outgoing);
      case "/metrics":
        return this.#sendMetrics(incoming, outgoing);
    }
    const file = PAGE_FILES.get(path);
    if (file === undefined) return refuse(outgoing, "PN_LOCAL_UNKNOWN");
    sendFile(outgoing, file);
  }

  /** Whether the request has `token`. If so, its connection stays open beyond the limit. */
  #hasToken({ headers, socket }: IncomingMessage, token: AccessToken): boolean {
    const isValid = token.isIn(headers.authorization);
    if (isValid) this.#limit.trust(socket);
    return isValid;
  }

  #sendMetrics(incoming: IncomingMessage, outgoing: ServerResponse): void {
    if (!this.#metrics) return refuse(outgoing, "PN_LOCAL_UNKNOWN");
    const token = this.#metricsToken;
    if (token !== undefined && !this.#hasToken(incoming, token)) return demandToken(outgoing);
    const families = metricFamilies(this.#status.document());
    if (/^application\/json\b/.test(incoming.headers.accept ?? ""))
      return json(outgoing, 200, { schema: 1, metrics: families });
    send(outgoing, 200, METRICS_TEXT_TYPE, metricsText(families));
  }

  #health(outgoing: ServerResponse): void {
    const { healthy, endpoints } = this.#status.document();
    json(outgoing, healthy ? 200 : 503, {
      status: healthy ? "healthy" : "unhealthy",
      endpoints: endpoints.map(({ endpoint, state, health: { score, data_plane, local } }) => ({
        endpoint,
        state,
        score,
        data_plane,
        local,
      })),
    });
  }

  #events(incoming: IncomingMessage, outgoing: ServerResponse, query: URLSearchParams): void {
    const filter = eventQuery(query);
    if (filter === undefined) return refuse(outgoing, "PN_LOCAL_QUERY");
    if (!accepts(incoming, "text/event-stream")) {
      return send(outgoing, 200, "application/json", eventsJson(this.#status.history.select(filter)));
    }
    if (incoming.method === "HEAD") return send(outgoing, 200, "text/event-stream; charset=utf-8", "");
    if (this.#streams >= LOCAL_API_LIMITS.streams) return refuse(outgoing, "PN_LOCAL_BUSY");
    this.#streams++;
    // The stream itself disconnects stalled readers.
    incoming.socket.setTimeout(0);
    const stream = new EventStream(outgoing, () => {
      this.#streams--;
      unfollow();
    });
    const { history } = this.#status;
    const after = Number(incoming.headers["last-event-id"] || NaN);
    // Event numbers restart with each process. A higher number comes from another process.
    const isKnown = after <= history.last;
    if (isKnown || filter.since !== undefined)
      for (const event of history.select({ ...filter, ...(isKnown ? { after } : {}) })) stream.send(event);
    const unfollow = this.#status.follow((event) => {
      if (matches(event, filter)) stream.send(event);
    });
  }
}

/** The newest events that fit into one document. */
function eventsJson(events: readonly NumberedEvent[]): string {
  const lines: string[] = [];
  let bytes = 0;
  for (const event of events.toReversed()) {
    const line = boundedJson({ ...event });
    bytes += Buffer.byteLength(line) + 1;
    if (bytes > LOCAL_API_LIMITS.events) break;
    lines.push(line);
  }
  return `{"schema":1,"events":[${lines.toReversed().join(",")}]}`;
}

/** Tries to listen; false when the port is in use or needs privileges. */
function tryListen(server: Server, host: string, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      server.off("listening", listens);
      if (port !== 0 && (error.code === "EADDRINUSE" || error.code === "EACCES")) resolve(false);
      else reject(error);
    };
    const listens = (): void => {
      server.off("error", failed);
      resolve(true);
    };
    server.once("error", failed).once("listening", listens);
    server.listen({ host, port, exclusive: true });
  });
}

function json(outgoing: ServerResponse, status: number, body: unknown): void {
  send(outgoing, status, "application/json", JSON.stringify(body));
}

function accepts({ headers }: IncomingMessage, type: string): boolean {
  return (headers.accept ?? "").split(/[,;\s]+/).includes(type);
}

function demandToken(outgoing: ServerResponse): void {
  outgoing.setHeader("WWW-Authenticate", 'Bearer realm="postern"');
  refuse(outgoing, "PN_LOCAL_TOKEN");
}

function refuse(outgoing: ServerResponse, code: LocalApiRefusal): void {
  const { status, message } = LOCAL_API_REFUSALS[code];
  json(outgoing, status, { error: { code, message } });
}

/** Node omits the body for HEAD. */
function send(outgoing: ServerResponse, status: number, type: string, body: string | Buffer): void {
  outgoing.writeHead(status, { "Content-Type": type, "Content-Length": Buffer.byteLength(body) });
  outgoing.end(body);
}

function sendFile(outgoing: ServerResponse, { type, content }: PageFile): void {
  outgoing.setHeader("Content-Security-Policy", PAGE_POLICY);
  send(outgoing, 200, type, content());
}
