import type { Socket } from "node:net";
import { parseProxy } from "./proxy-address.js";
import { dialServer } from "./server-dial.js";

/**
 * Opens a connection to `address` through a proxy, which is given as in `ConnectOptions.proxy` and looks the name up by itself; TLS goes
 * through all of it where the address asks for that.
 * @throws TypeError when the proxy cannot be understood; TunnelError, or what the socket has said; what `signal` was aborted with.
 */
export async function dialThrough(proxy: string, address: URL, signal: AbortSignal): Promise<Socket> {
  return dialServer({ address, tls: {}, proxy: parseProxy(proxy), signal });
}
