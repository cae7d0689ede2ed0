import type { RequestOptions } from "node:http";
import type { Socket } from "node:net";
import { getCACertificates } from "node:tls";
import { TunnelError, type ErrorCode } from "@postern/protocol";
import {
  trustFault,
  RaceLost,
  type Standing,
  type ClientTls,
  connectTcp,
  standingsText,
  authorityOf,
  dialFault,
  bareHost,
  type Lookup,
  secured,
} from "@postern/net";
import type { Proxy } from "./proxy-address.js";
import { askForTunnel } from "./proxy-tunnel.js";

export interface ServerDial {
  /** `wss://`, `https://`, `ws://` or `http://`; the path is of no matter. */
  address: URL;
  tls: ClientTls;
  proxy?: Proxy | undefined;
  /** Ends it, whatever it is at. */
  signal: AbortSignal;
  /** Default: as the system does. */
  lookup?: Lookup | undefined;
  /** What it is called when the server itself cannot be reached. Default PN_SERVER_UNREACHABLE. */
  unreachable?: ErrorCode;
  /** What is waited for from now on; and the error that it is when it never comes. */
  onWait?: (what: string, code: ErrorCode) => void;
}

/** The same for node:http, whose requests take their connection so. */
export function requestConnection(dial: () => Promise<Socket>): NonNullable<RequestOptions["createConnection"]> {
  return (_, connected) => {
    dial().then(
      (socket) => connected(null, socket),
      (error: Error) => connected(error, undefined as never),
    );
    return undefined;
  };
}

/** The error that it is when there is no more time, and this is still waited for. */
export function lateError(what: string, code: ErrorCode = "PN_SERVER_UNREACHABLE"): TunnelError {
  return new TunnelError(code, `no answer in time; waited for: ${what}`);
}

/**
 * Opens the connection to a server: the name is resolved, its addresses race, a proxy is asked for the rest of the way, and TLS goes
 * through all of it. A socket that does not become the connection is destroyed.
 * @throws TunnelError, or what the socket has said; what `signal` was aborted with.
 */
export async function dialServer(dial: ServerDial): Promise<Socket> {
  const { address, tls, proxy, signal, onWait, unreachable = "PN_SERVER_UNREACHABLE" } = dial;
  const isTls = /^(wss|https):$/.test(address.protocol);
  const to = { host: bareHost(address), port: Number(address.port || (isTls ? 443 : 80)) };
  const socket = proxy === undefined ? await reached(to, dial, unreachable) : await connectThrough(proxy, to, dial);
  if (!isTls) return socket;
  onWait?.(`the TLS handshake with ${authorityOf(to.host, to.port)}`, unreachable);
  return secured(socket, to.host, tls, signal);
}

async function connectThrough(proxy: Proxy, to: { host: string; port: number }, dial: ServerDial): Promise<Socket> {
  const { signal, tls, onWait } = dial;
  const code = "PN_PROXY_UNREACHABLE";
  const tcp = await reached(proxy, dial, code);
  try {
    if (proxy.tls) onWait?.(`the TLS handshake with the proxy ${proxy.authority}`, code);
    const socket = proxy.tls ? await secured(tcp, proxy.host, proxyTrust(tls), signal) : tcp;
    onWait?.(`the answer of the proxy ${proxy.authority}`, code);
    await askForTunnel(socket, authorityOf(to.host, to.port), proxy, signal);
    return socket;
  } catch (error) {
    if (error instanceof TunnelError || signal.aborted) throw error;
    const fault = trustFault(error as Error);
    if (fault !== undefined) throw new TunnelError("PN_PROXY_UNTRUSTED", `${proxy.authority}: ${fault}`);
    throw new TunnelError(code, `${proxy.authority}: ${dialFault(error as Error)}`);
  }
}

/** A proxy may be signed by the usual CAs, and by the server's. It is checked also where the server is not, and is shown no certificate. */
function proxyTrust({ ca }: ClientTls): ClientTls {
  return ca === undefined ? {} : { ca: [...getCACertificates(), ca].join("\n") };
}

/** The TCP connection. @throws TunnelError with `code` that says what each address has said. */
async function reached(
  { host, port }: { host: string; port: number },
  { signal, lookup, onWait }: ServerDial,
  code: ErrorCode,
): Promise<Socket> {
  try {
    onWait?.(`the address of ${host}`, code);
    const onChange = (standings: readonly Standing[]): void => onWait?.(standingsText(standings, port), code);
    return await connectTcp({ host, port, signal, lookup, onChange });
  } catch (error) {
    if (signal.aborted) throw error;
    if (error instanceof RaceLost) throw new TunnelError(code, standingsText(error.standings, port));
    throw new TunnelError(code, `${host}: ${dialFault(error as Error)}`);
  }
}
