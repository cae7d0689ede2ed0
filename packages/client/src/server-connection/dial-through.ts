import type { Socket } from "node:net";
import { parseProxy } from "./proxy-address.js";
import { dialServer } from "./server-dial.js";

/**
 * Opens a connection to `address` through a proxy in the form of `ConnectOptions.proxy`. The proxy resolves the name.
 * With `https://` or `wss://`, TLS is end to end.
 * @throws TypeError when the proxy cannot be parsed; TunnelError; the socket's error; the reason of `signal`.
 */
export async function dialThrough(proxy: string, address: URL, signal: AbortSignal): Promise<Socket> {
  return dialServer({ address, tls: {}, proxy: parseProxy(proxy), signal });
}
