import type { ConnectOptions } from "../options.js";
import { parseProxyOf, type Proxy } from "./proxy-address.js";
import { parseServerAddress } from "./server-address.js";

/**
 * The servers of `options` in order, the primary first, each with its proxy. A server that is named twice is listed
 * once.
 * @throws TypeError when a server or a proxy cannot be parsed.
 */
export function serverProxies(options: ConnectOptions): ReadonlyMap<URL, Proxy | undefined> {
  const proxies = new Map<URL, Proxy | undefined>();
  const seen = new Set<string>();
  for (const server of [options.server, ...(options.fallbacks ?? [])]) {
    const address = parseServerAddress(server);
    const proxy = parseProxyOf(server, options);
    if (seen.has(address.href)) continue;
    seen.add(address.href);
    proxies.set(address, proxy);
  }
  return proxies;
}
