import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { builtins } from "@postern/net";
import { readAsset } from "../asset.js";
import { Clock } from "./clock.js";
import { Echo } from "./echo.js";
import { demoPage } from "./page.js";
import { receivedRequest, requestJson } from "./received-request.js";

const ASSETS = new Map([
  ["/palette.css", { file: "brand/palette.css", type: "text/css; charset=utf-8" }],
  ["/page.css", { file: "demo/page.css", type: "text/css; charset=utf-8" }],
  ["/page.js", { file: "demo/page.js", type: "text/javascript; charset=utf-8" }],
  ["/icon.svg", { file: "brand/icon.svg", type: "image/svg+xml" }],
]);

const SAFE_HEADERS = {
  "cache-control": "no-store",
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** The service that `postern demo` shares. */
export interface DemoService {
  readonly port: number;
  /** Ends clocks and echoes, which never end by themselves. Other requests continue. */
  endStreams(): void;
  close(): Promise<void>;
}

/**
 * Starts the sample service on a free loopback port.
 * @param serverAddress the address of the tunnel's server, for the page.
 */
export async function startDemoService(serverAddress: string): Promise<DemoService> {
  const clock = new Clock();
  const echo = new Echo();
  const server = builtins.http.createServer((request, response) => {
    const path = pathOf(request);
    const asset = ASSETS.get(path);
    if (asset) return sendAsset(response, asset);
    if (path === "/clock") return clock.subscribe(response);
    respond(request, response, serverAddress);
  });
  server.on("upgrade", (request, socket, head) => {
    socket.on("error", () => socket.destroy());
    if (pathOf(request) === "/echo") echo.accept(request, socket, head);
    else socket.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    endStreams() {
      clock.end();
      echo.end();
    },
    close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      return closed;
    },
  };
}

/** Shows the request: as a page in browsers, as JSON elsewhere. */
function respond(request: IncomingMessage, response: ServerResponse, serverAddress: string): void {
  let bodyBytes = 0;
  request.on("data", (chunk: Buffer) => (bodyBytes += chunk.length));
  // The visitor has left before the end of its request.
  request.on("error", () => response.destroy());
  request.on("end", () => {
    const received = receivedRequest(request);
    const asPage = (request.headers.accept ?? "").includes("text/html");
    const type = asPage ? "text/html; charset=utf-8" : "application/json; charset=utf-8";
    const body = asPage
      ? demoPage(received, { server: serverAddress, service: `127.0.0.1:${request.socket.localPort}` })
      : requestJson(received, bodyBytes);
    response.writeHead(200, { ...SAFE_HEADERS, "content-type": type, "content-length": Buffer.byteLength(body) });
    response.end(body);
  });
}

function sendAsset(response: ServerResponse, { file, type }: { file: string; type: string }): void {
  const content = readAsset(file);
  response.writeHead(200, { ...SAFE_HEADERS, "content-type": type, "content-length": content.length });
  response.end(content);
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? "").split("?", 1)[0] ?? "";
}
