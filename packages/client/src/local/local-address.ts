import { isIP, type Socket } from "node:net";
import {
  bareHost,
  connectTcp,
  dial,
  isLoopbackName,
  RaceLost,
  refusedAddress,
  attemptsText,
  startTls,
  type ClientTls,
  type DialAddress,
  type Lookup,
} from "@postern/net";

/** How to verify the certificate of a local service. A certificate that `ca` contains itself may have any name. */
export type LocalTls = Pick<ClientTls, "verify" | "ca">;

/** The address of the local service. */
export interface LocalAddress extends DialAddress {
  /** The value of Host in a request to the service: without the port if it is the default port of the scheme. */
  authority: string;
  /** Whether `host` is a name to resolve, which may have several addresses. */
  isNamed: boolean;
}

/**
 * Parses the address of a local service: a port (3000 or :3000), `host:port`, or an `http://` or `https://` origin
 * without a path.
 * @param trust for a service with TLS.
 * @throws TypeError that names the forms that are allowed.
 */
export function parseLocalAddress(text: string | number, trust?: LocalTls): LocalAddress {
  const given = String(text).trim();
  const url = URL.parse(withScheme(given));
  const port = url === null ? NaN : Number(url.port || (url.protocol === "https:" ? 443 : 80));
  const isOrigin = url !== null && /^https?:$/.test(url.protocol) && url.pathname === "/" && !url.search && !url.hash;
  if (!isOrigin || url.username !== "" || port === 0) {
    throw new TypeError(
      `${JSON.stringify(refusedAddress(given))} is not a local address. Use a port (3000), a host and port (127.0.0.1:3000), or an origin (https://localhost:8443).`,
    );
  }
  const host = bareHost(url);
  const isNamed = isIP(host) === 0 && !isLoopbackName(host);
  const address = { host, port, tls: url.protocol === "https:", authority: url.host, isNamed };
  return trust === undefined ? address : { ...address, trust: { ...trust, anyName: true } };
}

/** Dials an address that is not named. Each direction closes separately. */
export function dialLocal(local: LocalAddress): Socket {
  return dial(local, SOCKET);
}

/**
 * Dials a named address: connects to the IP address that answers first. With TLS, resolves after the handshake.
 * @throws Error with a `code` of the system, of node:dns or of node:tls; the reason of `signal`.
 */
export async function dialLocalByName(
  { host, port, tls, trust = {} }: LocalAddress,
  signal: AbortSignal,
  lookup?: Lookup,
): Promise<Socket> {
  try {
    if (!tls) return await connectTcp({ host, port, signal, lookup }, SOCKET);
    const tcp = await connectTcp({ host, port, signal, lookup }, { allowHalfOpen: true });
    return await startTls(tcp, host, trust, signal, SOCKET);
  } catch (error) {
    throw error instanceof RaceLost ? summaryOf(error, port) : error;
  }
}

/** One error for all addresses. A refusal is the most specific one, because it shows that the host is up. */
function summaryOf({ attempts }: RaceLost, port: number): Error {
  const codes = attempts.map(([, loss]) => (loss as NodeJS.ErrnoException | undefined)?.code);
  const code = codes.find((each) => each === "ECONNREFUSED") ?? codes[0];
  return Object.assign(new Error(attemptsText(attempts, port)), { code });
}

/**
 * The high-water mark of a socket's writes, in bytes. It is small, so that `drain` follows soon after a write that the
 * kernel did not accept completely.
 */
const WRITE_BUFFER = 4 * 1024;
const SOCKET = { allowHalfOpen: true, highWaterMark: WRITE_BUFFER };

function withScheme(text: string): string {
  if (/^:?\d+$/.test(text)) return `http://localhost:${text.replace(":", "")}`;
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
}
