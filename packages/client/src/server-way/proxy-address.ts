import { bareHost, authorityOf } from "@postern/net";
import type { ConnectOptions } from "../options.js";

/** An HTTP proxy that connections are asked of. */
export interface Proxy {
  host: string;
  port: number;
  /** Whether it is spoken to by TLS. */
  tls: boolean;
  /** `host:port`, for messages: nothing secret is in it. */
  authority: string;
  /** What it is shown: a value of Proxy-Authorization (RFC 7617). */
  authorization: string | undefined;
}

/**
 * Understands a proxy's address: `http://proxy.example.com:3128`, `https://` for one that is spoken to by TLS, perhaps with
 * `user:password@`, percent-encoded. Without a scheme it is `http://`; the ports are 80 and 443 unless they are said.
 * @throws TypeError that repeats nothing of what was given: there may be a password in it.
 */
export function parseProxy(text: string): Proxy {
  const given = text.trim();
  const url = URL.parse(given.includes("://") ? given : `http://${given}`);
  const isProxy = url !== null && /^https?:$/.test(url.protocol) && url.pathname === "/" && !url.search && !url.hash;
  if (!isProxy || url.port === "0") throw notUnderstood();
  const tls = url.protocol === "https:";
  const host = bareHost(url);
  const port = Number(url.port || (tls ? 443 : 80));
  return { host, port, tls, authority: authorityOf(host, port), authorization: authorization(url) };
}

/** The address of the proxy on the way to `server`, which is given as in the options. */
export function proxyTo(server: string, { proxy }: Pick<ConnectOptions, "proxy">): string | undefined {
  return typeof proxy === "object" ? proxy[server] : proxy;
}

/** The same, understood. @throws TypeError as `parseProxy`. */
export function parseProxyTo(server: string, options: Pick<ConnectOptions, "proxy">): Proxy | undefined {
  const proxy = proxyTo(server, options);
  return proxy === undefined ? undefined : parseProxy(proxy);
}

function authorization({ username, password }: URL): string | undefined {
  if (username === "" && password === "") return undefined;
  try {
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    return `Basic ${Buffer.from(credentials).toString("base64")}`;
  } catch {
    throw notUnderstood();
  }
}

function notUnderstood(): TypeError {
  return new TypeError(
    "This is no proxy that can be used. Give it as http://proxy.example.com:3128 or https://…; a name and a password go before the host, percent-encoded: http://me:secret@…",
  );
}
