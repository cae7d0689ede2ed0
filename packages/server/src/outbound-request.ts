import { lookup as resolveName } from "node:dns/promises";
import { request as requestPlain, type IncomingMessage, type RequestOptions } from "node:http";
import { request as requestTls } from "node:https";
import type { LookupAddress } from "node:dns";
import type { LookupFunction } from "node:net";
import { SERVER_LIMITS } from "./limits.js";
import { isLoopbackHost, isPrivateAddress } from "./private-address.js";

export interface OutboundRequest {
  url: URL;
  method?: "GET" | "POST";
  headers?: Record<string, string>;
  body?: string;
  /** Whether a name may lead to a private address. */
  allowPrivate: boolean;
  /** The option that says so. Default `allow_private`. */
  allowOption?: string;
  /** The name service. */
  resolve?: (host: string) => Promise<LookupAddress[]>;
}

export interface OutboundAnswer {
  status: number;
  body: string;
}

/**
 * Asks what the operator's own configuration names. The name is resolved once, and what it led to is what is dialled; size and time are
 * capped, and nobody is followed elsewhere.
 * @throws Error that says why there is no answer; never what was sent.
 */
export async function outboundRequest(asked: OutboundRequest): Promise<OutboundAnswer> {
  const { url, method = "GET", headers = {}, body = "" } = asked;
  const signal = AbortSignal.timeout(SERVER_LIMITS.outboundTime);
  const options: RequestOptions = {
    method,
    headers: { Accept: "application/json", "Content-Length": Buffer.byteLength(body), ...headers },
    agent: false,
    signal,
    lookup: lookupOf(asked),
  };
  const { promise, resolve, reject } = Promise.withResolvers<OutboundAnswer>();
  const outgoing = (url.protocol === "https:" ? requestTls : requestPlain)(url, options, (incoming) => {
    read(incoming).then((text) => resolve({ status: incoming.statusCode ?? 0, body: text }), reject);
  });
  outgoing.on("error", reject);
  outgoing.end(body);
  try {
    return await promise;
  } catch (error) {
    outgoing.destroy();
    throw signal.aborted ? new Error(`no answer of ${url.host} within ${SERVER_LIMITS.outboundTime} ms`) : error;
  }
}

async function read(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > SERVER_LIMITS.outboundBytes)
      throw new Error(`the answer has more than ${SERVER_LIMITS.outboundBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

const LOOPBACK: LookupAddress[] = [
  { address: "127.0.0.1", family: 4 },
  { address: "::1", family: 6 },
];

/** An address in the URL itself is never looked up: that one was chosen. */
function lookupOf({
  allowPrivate,
  allowOption = "allow_private",
  resolve = (host) => resolveName(host, { all: true }),
}: OutboundRequest): LookupFunction {
  return (host, { all }, done) => {
    const found = isLoopbackHost(host) ? Promise.resolve(LOOPBACK) : resolve(host);
    found
      .then((addresses) => {
        const open = addresses.filter(
          ({ address }) => allowPrivate || isLoopbackHost(host) || !isPrivateAddress(address),
        );
        if (open.length > 0) return open;
        throw new Error(`${host} leads to no public address; ${allowOption} = true allows others`);
      })
      .then(
        (open) => (all === true ? done(null, open) : done(null, open[0]!.address, open[0]!.family)),
        (error: Error) => done(error, ""),
      );
  };
}
