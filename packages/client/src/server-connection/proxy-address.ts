import { bareHost, authorityOf } from "@postern/net";
import type { ConnectOptions } from "../options.js";

/** An HTTP proxy that supports CONNECT. */
export interface Proxy {
  host: string;
  port: number;
  /** Whether the connection to the proxy uses TLS. */
  tls: boolean;
  /** `host:port`, for messages: it contains no secrets. */
  authority: string;
  /** The value of Proxy-Authorization (RFC 7617). */
  authorization: string | undefined;
}

/**
 * Parses a proxy's address: `http://proxy.example.com:3128`, or `https://` for a proxy with TLS, optionally with a
 * percent-encoded `user:password@`. The default scheme is `http://`; the default ports are 80 and 443.
 * @throws TypeError that does not contain the text, as it may hold a password.
 */
export function parseProxy(text: string): Proxy {
  const given = text.trim();
  const url = URL.parse(given.includes("://") ? given : `http://${given}`);
  const isProxy = url !== null && /^https?:$/.test(url.protocol) && url.pathname === "/" && !url.search && !url.hash;
  if (!isProxy || url.port === "0") throw invalidProxy();
  const tls = url.protocol === "https:";
  const host = bareHost(url);
  const port = Number(url.port || (tls ? 443 : 80));
  return { host, port, tls, authority: authorityOf(host, port), authorization: authorization(url) };
}

/** The address of the proxy in front of `server`, which is written as in the options. */
export function proxyOf(server: string, { proxy }: Pick<ConnectOptions, "proxy">): string | undefined {
  return typeof proxy === "object" ? proxy[server] : proxy;
}

/** The same, parsed. @throws TypeError as `parseProxy`. */
export function parseProxyOf(server: string, options: Pick<ConnectOptions, "proxy">): Proxy | undefined {
  const proxy = proxyOf(server, options);
  return proxy === undefined ? undefined : parseProxy(proxy);
}

function authorization({ username, password }: URL): string | undefined {
  if (username === "" && password === "") return undefined;
  try {
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    return `Basic ${Buffer.from(credentials).toString("base64")}`;
  } catch {
    throw invalidProxy();
  }
}

function invalidProxy(): TypeError {
  return new TypeError(
    "The proxy's address is invalid. Use http://proxy.example.com:3128 or https://…; write a user name and a password before the host, percent-encoded: http://me:secret@…",
  );
}
