import type { IncomingMessage } from "node:http";

/** A request as the sample service received it. */
export interface ReceivedRequest {
  method: string;
  path: string;
  httpVersion: string;
  /** In the order received, names as written. */
  headers: [name: string, value: string][];
  /** The remote address of the connection, which is the client's. */
  from: string;
  /** The visitor's address and the public host, from the server's forwarding fields. */
  visitor: string | undefined;
  publicHost: string | undefined;
}

export function receivedRequest(request: IncomingMessage): ReceivedRequest {
  const headers: [string, string][] = [];
  for (let index = 0; index + 1 < request.rawHeaders.length; index += 2) {
    headers.push([request.rawHeaders[index] ?? "", request.rawHeaders[index + 1] ?? ""]);
  }
  const only = (name: string): string | undefined => {
    const value = request.headers[name];
    return typeof value === "string" ? value : undefined;
  };
  return {
    method: request.method ?? "",
    path: request.url ?? "",
    httpVersion: request.httpVersion,
    headers,
    from: `${request.socket.remoteAddress}:${request.socket.remotePort}`,
    visitor: only("x-forwarded-for"),
    publicHost: only("x-forwarded-host") ?? only("host"),
  };
}

/** The request as JSON. */
export function requestJson(received: ReceivedRequest, bodyBytes: number): string {
  const { method, path, httpVersion, headers, from } = received;
  return `${JSON.stringify({ service: "postern demo", method, path, http_version: httpVersion, headers, body_bytes: bodyBytes, connection_from: from }, null, 2)}\n`;
}
