import type { RequestOptions } from "node:http";
import type { Socket } from "node:net";
import { TunnelError, type ErrorCode } from "@postern/protocol";
import {
  builtins,
  trustFault,
  RaceLost,
  type AddressAttempt,
  type ClientTls,
  connectTcp,
  attemptsText,
  authorityOf,
  dialFault,
  isNotTls,
  bareHost,
  type Lookup,
  startTls,
} from "@postern/net";
import type { Proxy } from "./proxy-address.js";
import { requestTunnel } from "./proxy-tunnel.js";

export interface ServerDial {
  /** `wss://`, `https://`, `ws://` or `http://`; the path is ignored. */
  address: URL;
  tls: ClientTls;
  proxy?: Proxy | undefined;
  /** Aborts the dial at any step. */
  signal: AbortSignal;
  /** Default: the system's resolver. */
  lookup?: Lookup | undefined;
  /** The error code when the server itself cannot be reached. Default PN_SERVER_UNREACHABLE. */
  unreachable?: ErrorCode;
  /** A step of the dial begins: what the step waits for, and the error code if it times out. */
  onWait?: (awaited: string, code: ErrorCode) => void;
  /** The TCP connection to the server, or to the proxy, is open. */
  onAccepted?: () => void;
}

/** Adapts `dial` to the `createConnection` option of node:http. */
export function requestConnection(dial: () => Promise<Socket>): NonNullable<RequestOptions["createConnection"]> {
  return (_, connected) => {
    dial().then(
      (socket) => connected(null, socket),
      (error: Error) => connected(error, undefined as never),
    );
    return undefined;
  };
}

/** The error of a dial that timed out while it waited for `awaited`. */
export function lateError(awaited: string, code: ErrorCode = "PN_SERVER_UNREACHABLE"): TunnelError {
  return new TunnelError(code, `timed out while waiting for ${awaited}`);
}

/**
 * Opens the connection to a server: resolves the name, races its addresses, requests a tunnel from the proxy if there
 * is one, and starts TLS through it. Unused sockets are destroyed.
 * @throws TunnelError; the socket's error; the reason of `signal`.
 */
export async function dialServer(dial: ServerDial): Promise<Socket> {
  const { address, tls, proxy, signal, onWait, unreachable = "PN_SERVER_UNREACHABLE" } = dial;
  const isTls = isTlsUrl(address);
  const to = { host: bareHost(address), port: Number(address.port || (isTls ? 443 : 80)) };
  const socket = proxy === undefined ? await dialTcp(to, dial, unreachable) : await connectThrough(proxy, to, dial);
  if (!isTls) return socket;
  const authority = authorityOf(to.host, to.port);
  const plain = `if the connection need not be encrypted, use http://${authority} as the server's address`;
  onWait?.(`the TLS handshake with ${authority}. Perhaps it does not use TLS: ${plain}`, unreachable);
  try {
    return await startTls(socket, to.host, tls, signal);
  } catch (error) {
    if (!isNotTls(error as Error)) throw error;
    throw new TunnelError("PN_SERVER_SCHEME", `${authority} does not use TLS; ${plain}`);
  }
}

/** Whether the server at this address is reached with TLS. */
export function isTlsUrl({ protocol }: URL): boolean {
  return protocol === "wss:" || protocol === "https:";
}

async function connectThrough(proxy: Proxy, to: { host: string; port: number }, dial: ServerDial): Promise<Socket> {
  const { signal, tls, onWait } = dial;
  const code = "PN_PROXY_UNREACHABLE";
  const tcp = await dialTcp(proxy, dial, code);
  try {
    if (proxy.tls) onWait?.(`the TLS handshake with the proxy ${proxy.authority}`, code);
    const socket = proxy.tls ? await startTls(tcp, proxy.host, proxyTrust(tls), signal) : tcp;
    onWait?.(`the response of the proxy ${proxy.authority}`, code);
    await requestTunnel(socket, authorityOf(to.host, to.port), proxy, signal);
    return socket;
  } catch (error) {
    if (error instanceof TunnelError || signal.aborted) throw error;
    const fault = trustFault(error as Error);
    if (fault !== undefined) throw new TunnelError("PN_PROXY_UNTRUSTED", `${proxy.authority}: ${fault}`);
    throw new TunnelError(code, `${proxy.authority}: ${dialFault(error as Error)}`);
  }
}

/**
 * The trust options for the proxy: the default CAs and the server's. The proxy is verified even if the server is not,
 * and gets no client certificate.
 */
function proxyTrust({ ca }: ClientTls): ClientTls {
  return ca === undefined ? {} : { ca: [...builtins.tls.getCACertificates(), ca].join("\n") };
}

/** @throws TunnelError with `code`, and the error of each address. */
async function dialTcp(
  { host, port }: { host: string; port: number },
  { signal, lookup, onWait, onAccepted }: ServerDial,
  code: ErrorCode,
): Promise<Socket> {
  try {
    onWait?.(`the address of ${host}`, code);
    const onChange = (attempts: readonly AddressAttempt[]): void => onWait?.(attemptsText(attempts, port), code);
    const socket = await connectTcp({ host, port, signal, lookup, onChange });
    onAccepted?.();
    return socket;
  } catch (error) {
    if (signal.aborted) throw error;
    if (error instanceof RaceLost) throw new TunnelError(code, attemptsText(error.attempts, port));
    throw new TunnelError(code, `${host}: ${dialFault(error as Error)}`);
  }
}
