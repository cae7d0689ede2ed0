import type { GatewayAddresses } from "@postern/config";

/**
 * What keeps the gateway's listeners from receiving a request for `url`; undefined if one of them receives it. A URL
 * without a port means the listener of its scheme: a proxy or a port mapping may lead from port 80 or 443 to it.
 */
export function listenerNote(url: string, { http, https }: GatewayAddresses): string | undefined {
  const { protocol, port } = new URL(url);
  const scheme = protocol === "https:" ? "https" : "http";
  const listeners = [
    { scheme: "http", port: portOf(http) },
    ...(https ? [{ scheme: "https", port: portOf(https) }] : []),
  ];
  const own = listeners.find((listener) => listener.scheme === scheme);
  if (own === undefined) return "the gateway has no HTTPS ([server.ssl])";
  // With port 0, the system chooses one.
  if (port === "" || own.port === port || own.port === "0") return undefined;
  const other = listeners.find((listener) => listener.port === port);
  if (other !== undefined) return `port ${port} of the gateway is for ${other.scheme}:// URLs`;
  const all = listeners.map((listener) => `${listener.port} (${listener.scheme.toUpperCase()})`).join(" and ");
  return `the gateway does not listen on port ${port}, but on ${all}`;
}

function portOf(address: string): string {
  return address.slice(address.lastIndexOf(":") + 1);
}
