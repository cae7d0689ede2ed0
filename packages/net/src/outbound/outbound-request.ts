import { lookup as resolveName } from "node:dns/promises";
import { request as requestPlain, type IncomingMessage, type RequestOptions } from "node:http";
import { request as requestTls } from "node:https";
import type { LookupAddress } from "node:dns";
import { isIP, type LookupFunction, type Socket } from "node:net";
import { OUTBOUND_LIMITS } from "../limits.js";
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
  /** Opens the connection through a proxy. Default: what the URL names is dialled directly. */
  through?: ((signal: AbortSignal) => Promise<Socket>) | undefined;
  /** The name service. */
  resolve?: (host: string) => Promise<LookupAddress[]>;
}

export interface OutboundAnswer {
  status: number;
  body: string;
}

/**
 * Asks what the operator's own configuration names. The name is resolved once, and what it led to is what is dialled; size and time are
 * capped, and nobody is followed elsewhere. A proxy looks the name up by itself: it is asked only for what leads to no private address here.
 * @throws Error that says why there is no answer; never what was sent.
 */
export async function outboundRequest(asked: OutboundRequest): Promise<OutboundAnswer> {
  const { url, method = "GET", headers = {}, body = "" } = asked;
  const signal = AbortSignal.timeout(OUTBOUND_LIMITS.time);
  const options: RequestOptions = {
    method,
    headers: { Host: url.host, Accept: "application/json", "Content-Length": Buffer.byteLength(body), ...headers },
    signal,
    ...(asked.through === undefined
      ? { agent: false, lookup: lookupOf(asked) }
      : { createConnection: proxied(asked, asked.through, signal) }),
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
    throw signal.aborted ? new Error(`no answer of ${url.host} within ${OUTBOUND_LIMITS.time} ms`) : error;
  }
}

async function read(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > OUTBOUND_LIMITS.bytes) throw new Error(`the answer has more than ${OUTBOUND_LIMITS.bytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

const LOOPBACK: LookupAddress[] = [
  { address: "127.0.0.1", family: 4 },
  { address: "::1", family: 6 },
];

/** What a name leads to here. */
function addressesOf(
  { resolve = (host) => resolveName(host, { all: true }) }: OutboundRequest,
  host: string,
): Promise<LookupAddress[]> {
  return isLoopbackHost(host) ? Promise.resolve(LOOPBACK) : resolve(host);
}

function privateFault(host: string, { allowOption = "allow_private" }: OutboundRequest): Error {
  return new Error(`${host} leads to a private address; ${allowOption} = true allows that`);
}

/** An address in the URL itself is never looked up: that one was chosen. */
function lookupOf(asked: OutboundRequest): LookupFunction {
  return (host, { all }, done) => {
    addressesOf(asked, host)
      .then((addresses) => {
        const open = addresses.filter(
          ({ address }) => asked.allowPrivate || isLoopbackHost(host) || !isPrivateAddress(address),
        );
        if (open.length > 0) return open;
        throw privateFault(host, asked);
      })
      .then(
        (open) => (all === true ? done(null, open) : done(null, open[0]!.address, open[0]!.family)),
        (error: Error) => done(error, ""),
      );
  };
}

function proxied(
  asked: OutboundRequest,
  through: (signal: AbortSignal) => Promise<Socket>,
  signal: AbortSignal,
): NonNullable<RequestOptions["createConnection"]> {
  return (_, connected) => {
    checkProxied(asked)
      .then(() => through(signal))
      .then(
        (socket) => connected(null, socket),
        (error: Error) => connected(error, undefined as never),
      );
    return undefined;
  };
}

/** A private address is another one where the proxy is, and which of several the proxy takes is not known: none may be private. */
async function checkProxied(asked: OutboundRequest): Promise<void> {
  if (asked.allowPrivate) return;
  const host = asked.url.hostname.replace(/^\[|\]$/g, "");
  // Where only a proxy leads out, it may be the only one that knows the name.
  const found = isIP(host) > 0 ? [{ address: host }] : await addressesOf(asked, host).catch(() => []);
  if (found.some(({ address }) => isPrivateAddress(address))) throw privateFault(host, asked);
}
