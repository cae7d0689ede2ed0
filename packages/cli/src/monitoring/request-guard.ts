import type { IncomingMessage } from "node:http";

/**
 * Whether a request may be answered: it must have been sent to one of this address's own names, so that no name of somebody else's that
 * leads here counts (DNS rebinding), and no web page but the API's own may have sent it. Programs send neither Origin nor Sec-Fetch-Site.
 * @param host where the API listens, an IPv6 address in brackets; it is known by the usual names of this machine, too.
 */
export function isAllowed({ headers, rawHeaders }: IncomingMessage, host: string, port: number): boolean {
  const hosts = [host, "127.0.0.1", "localhost", "[::1]"].map((name) => `${name}:${port}`);
  const sent = rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === "host");
  if (sent.length !== 1 || !hosts.includes(headers.host ?? "")) return false;
  const { origin, "sec-fetch-site": site } = headers;
  if (origin !== undefined && origin !== `http://${headers.host}`) return false;
  return site === undefined || site === "same-origin" || site === "none";
}
