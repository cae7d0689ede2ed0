import type { IncomingMessage } from "node:http";

/**
 * Whether to serve a request. Its Host must be one of the API's own names, against DNS rebinding, and it must not come
 * from a web page of another origin. Programs send neither Origin nor Sec-Fetch-Site.
 * @param host the listen address, IPv6 in brackets; the loopback names of this machine are accepted too.
 */
export function isAllowed({ headers, rawHeaders }: IncomingMessage, host: string, port: number): boolean {
  const hosts = [host, "127.0.0.1", "localhost", "[::1]"].map((name) => `${name}:${port}`);
  const sent = rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === "host");
  if (sent.length !== 1 || !hosts.includes(headers.host ?? "")) return false;
  const { origin, "sec-fetch-site": site } = headers;
  if (origin !== undefined && origin !== `http://${headers.host}`) return false;
  return site === undefined || site === "same-origin" || site === "none";
}
