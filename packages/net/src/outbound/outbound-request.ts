import { lookup as resolveName } from "node:dns/promises";
import type { IncomingMessage, RequestOptions } from "node:http";
import { builtins } from "../builtins.js";
import type { LookupAddress } from "node:dns";
import { isIP, type LookupFunction, type Socket } from "node:net";
import { OUTBOUND_LIMITS } from "../limits.js";
import { isLoopbackHost, isPrivateAddress } from "./private-address.js";

export interface OutboundRequest {
  url: URL;
  method?: "GET" | "POST";
  headers?: Record<string, string>;
  body?: string;
  /** Whether a name may resolve to a private address. */
  allowPrivate: boolean;
  /** The option that allows it, for messages. Default `allow_private`. */
  allowOption?: string;
  /** Opens the connection through a proxy. Default: the host is dialled directly. */
  through?: ((signal: AbortSignal) => Promise<Socket>) | undefined;
  /** The largest response, in bytes, and the longest time, in milliseconds. Default: OUTBOUND_LIMITS. */
  limits?: { readonly bytes: number; readonly time: number };
  /** Resolves names. Default: the system's resolver. */
  resolve?: (host: string) => Promise<LookupAddress[]>;
}

export interface OutboundResponse {
  status: number;
  /** The Content-Type field; empty if there is none. */
  type: string;
  body: string;
}

/**
 * Sends a request to a URL from the operator's configuration. The name is resolved once, and only addresses that were
 * checked are dialled. Size and time are limited, and redirects are not followed. A proxy resolves the name itself, so
 * it is used only if the name does not resolve to a private address here.
 * @throws Error with the reason; it never contains the request.
 */
export async function outboundRequest(outbound: OutboundRequest): Promise<OutboundResponse> {
  const { url, method = "GET", headers: more = {}, body = "", limits = OUTBOUND_LIMITS } = outbound;
  const signal = AbortSignal.timeout(limits.time);
  const options: RequestOptions = {
    method,
    headers: { Host: url.host, Accept: "application/json", "Content-Length": Buffer.byteLength(body), ...more },
    signal,
    ...(outbound.through === undefined
      ? { agent: false, lookup: lookupOf(outbound) }
      : { createConnection: proxied(outbound, outbound.through, signal) }),
  };
  const { promise, resolve, reject } = Promise.withResolvers<OutboundResponse>();
  const outgoing = (url.protocol === "https:" ? builtins.https : builtins.http).request(url, options, (incoming) => {
    const { statusCode: status = 0, headers } = incoming;
    const type = headers["content-type"] ?? "";
    read(incoming, limits.bytes).then((text) => resolve({ status, type, body: text }), reject);
  });
  outgoing.on("error", reject);
  outgoing.end(body);
  try {
    return await promise;
  } catch (error) {
    outgoing.destroy();
    throw signal.aborted ? new Error(`${url.host} did not respond within ${limits.time} ms`) : error;
  }
}

async function read(incoming: IncomingMessage, most: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > most) throw new Error(`the response has more than ${most} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

type Permission = Pick<OutboundRequest, "allowPrivate" | "allowOption" | "resolve">;

const LOOPBACK: LookupAddress[] = [
  { address: "127.0.0.1", family: 4 },
  { address: "::1", family: 6 },
];

/** Resolves a name on this machine. */
function addressesOf(
  { resolve = (host) => resolveName(host, { all: true }) }: Permission,
  host: string,
): Promise<LookupAddress[]> {
  return isLoopbackHost(host) ? Promise.resolve(LOOPBACK) : resolve(host);
}

function privateFault(host: string, { allowOption = "allow_private" }: Permission): Error {
  return new Error(`${host} resolves to a private address; ${allowOption} = true allows that`);
}

/**
 * A lookup that returns only the permitted addresses. An IP address in the URL needs no lookup, and is always
 * permitted.
 */
function lookupOf(outbound: Permission, allowsLoopback = true): LookupFunction {
  return (host, { all }, done) => {
    addressesOf(outbound, host)
      .then((addresses) => {
        const open = addresses.filter(
          ({ address }) =>
            outbound.allowPrivate || (allowsLoopback && isLoopbackHost(host)) || !isPrivateAddress(address),
        );
        if (open.length > 0) return open;
        throw privateFault(host, outbound);
      })
      .then(
        (open) => (all === true ? done(null, open) : done(null, open[0]!.address, open[0]!.family)),
        (error: Error) => done(error, ""),
      );
  };
}

/** A lookup for node:net that finds only addresses on the public internet, for a URL that a stranger names. */
export const publicLookup: LookupFunction = (host, options, done) =>
  lookupOf({ allowPrivate: false }, false)(host, options, done);

function proxied(
  outbound: OutboundRequest,
  through: (signal: AbortSignal) => Promise<Socket>,
  signal: AbortSignal,
): NonNullable<RequestOptions["createConnection"]> {
  return (_, connected) => {
    checkProxied(outbound)
      .then(() => through(signal))
      .then(
        (socket) => connected(null, socket),
        (error: Error) => connected(error, undefined as never),
      );
    return undefined;
  };
}

/**
 * The proxy may connect to any address of the name, and a private address is a different host in its network. So none
 * of the addresses may be private.
 */
async function checkProxied(outbound: OutboundRequest): Promise<void> {
  if (outbound.allowPrivate) return;
  const host = outbound.url.hostname.replace(/^\[|\]$/g, "");
  // In a network whose only connection to the outside is the proxy, names may be unknown here.
  const found = isIP(host) > 0 ? [{ address: host }] : await addressesOf(outbound, host).catch(() => []);
  if (found.some(({ address }) => isPrivateAddress(address))) throw privateFault(host, outbound);
}
