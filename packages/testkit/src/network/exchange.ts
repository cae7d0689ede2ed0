import { request, type Agent, type IncomingHttpHeaders } from "node:http";
import type { Readable } from "node:stream";

export interface ExchangeOptions {
  /** The Host header. */
  host: string;
  path?: string;
  /** The IP address to connect to. Default: 127.0.0.1. */
  address?: string;
  /** The IP address to connect from. Default: the system's choice. */
  from?: string;
  method?: string;
  headers?: Record<string, string | string[]>;
  body?: string | Buffer | Readable;
  /** Default: a separate connection for this request. */
  agent?: Agent;
}

export interface Exchange {
  status: number;
  headers: IncomingHttpHeaders;
  rawHeaders: string[];
  trailers: NodeJS.Dict<string>;
  body: Buffer;
}

/**
 * Sends one HTTP request to a port of this machine, with any Host: names below localhost do not resolve in Node.
 * Rejects when the response is cut off.
 */
export function exchange(port: number, options: ExchangeOptions): Promise<Exchange> {
  const { host, path = "/", method = "GET", headers = {}, body, agent, address = "127.0.0.1", from } = options;
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: address,
        port,
        path,
        method,
        headers: { host, ...headers },
        agent: agent ?? false,
        ...(from === undefined ? {} : { localAddress: from }),
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("error", reject);
        incoming.on("end", () =>
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            rawHeaders: incoming.rawHeaders,
            trailers: incoming.trailers,
            body: Buffer.concat(chunks),
          }),
        );
      },
    );
    outgoing.on("error", reject);
    if (body === undefined || typeof body === "string" || Buffer.isBuffer(body)) outgoing.end(body);
    else body.pipe(outgoing);
  });
}
