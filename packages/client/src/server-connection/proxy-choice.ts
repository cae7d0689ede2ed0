import { BlockList, isIP } from "node:net";
import { bareHost, isLoopbackName } from "@postern/net";
import { isExempt } from "./no-proxy.js";
import { parseProxy } from "./proxy-address.js";

/**
 * The proxy that an environment configures for a server, by the rules of curl: HTTPS_PROXY for `https://` and `wss://`,
 * HTTP_PROXY for `http://` and `ws://`, otherwise ALL_PROXY, unless NO_PROXY exempts the server. A lower-case variable
 * takes precedence, an empty one counts as unset, and loopback addresses are never proxied.
 *
 *     await connect({ server, apiKey, local: 3000, proxy: proxyFor(server, process.env) });
 *
 * @returns a URL for `ConnectOptions.proxy`; undefined: no proxy.
 * @throws TypeError that names the variable when its value cannot be parsed. It does not contain the value.
 */
export function proxyFor(server: string, env: Readonly<Record<string, string | undefined>>): string | undefined {
  const url = new URL(server.includes("://") ? server : `https://${server}`);
  const isTls = /^(https|wss):$/.test(url.protocol);
  const destination = { host: bareHost(url), port: Number(url.port || (isTls ? 443 : 80)) };
  const set = (name: string): string | undefined => [name.toLowerCase(), name].find((each) => !isEmpty(env[each]));
  const name = set(isTls ? "HTTPS_PROXY" : "HTTP_PROXY") ?? set("ALL_PROXY");
  if (name === undefined || isLoopback(destination.host)) return undefined;
  if (isExempt(destination, env[set("NO_PROXY") ?? ""] ?? "")) return undefined;
  const proxy = (env[name] as string).trim();
  try {
    parseProxy(proxy);
  } catch (error) {
    throw new TypeError(`${name}: ${(error as Error).message}`);
  }
  return proxy;
}

function isEmpty(value: string | undefined): boolean {
  return value === undefined || value.trim() === "";
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");

function isLoopback(host: string): boolean {
  const family = isIP(host);
  return family === 0 ? isLoopbackName(host) : LOOPBACK.check(host, family === 4 ? "ipv4" : "ipv6");
}
