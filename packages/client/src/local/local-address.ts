import { isIP, type OnReadOpts, type Socket } from "node:net";
import {
  RaceLost,
  connectTcp,
  standingsText,
  bareHost,
  dial,
  type DialAddress,
  isLoopbackName,
  type Lookup,
  secured,
} from "@postern/net";

/** Where the local service is. */
export interface Target extends DialAddress {
  /** What its own Host field says: the port left out where it is the scheme's default. */
  authority: string;
  /** Its host is a name that has to be asked for, and may have several addresses. */
  isNamed: boolean;
}

/**
 * Understands a local target: a port, `host:port`, or an `http://` or `https://` origin without a path.
 * @throws TypeError that says what is allowed.
 */
export function parseTarget(text: string | number): Target {
  const given = String(text).trim();
  const url = URL.parse(withScheme(given));
  const port = url === null ? NaN : Number(url.port || (url.protocol === "https:" ? 443 : 80));
  const isOrigin = url !== null && /^https?:$/.test(url.protocol) && url.pathname === "/" && !url.search && !url.hash;
  if (!isOrigin || url.username !== "" || port === 0) {
    throw new TypeError(
      `${JSON.stringify(given)} is not a local target. Use a port (3000), an address (127.0.0.1:3000), or an origin (https://localhost:8443).`,
    );
  }
  const host = bareHost(url);
  const isNamed = isIP(host) === 0 && !isLoopbackName(host);
  return { host, port, tls: url.protocol === "https:", authority: url.host, isNamed };
}

/** Opens a connection to a `target` that is not named; what arrives goes through `onread`. Both halves close on their own. */
export function dialTarget(target: Target, onread: OnReadOpts): Socket {
  return dial(target, { ...SOCKET, onread });
}

/**
 * The same for one that is named, by the address that answers first. With TLS, after the handshake.
 * @throws Error with a `code` of the system, of node:dns or node:tls; what `signal` was aborted with.
 */
export async function dialTargetByName(
  { host, port, tls }: Target,
  onread: OnReadOpts,
  signal: AbortSignal,
  lookup?: Lookup,
): Promise<Socket> {
  try {
    if (!tls) return await connectTcp({ host, port, signal, lookup }, { ...SOCKET, onread });
    const tcp = await connectTcp({ host, port, signal, lookup }, { allowHalfOpen: true });
    const socket = await secured(tcp, host, {}, signal, SOCKET);
    // TLS through a socket that is there already heeds no `onread`.
    socket.on("data", (chunk) => {
      if (!onread.callback(chunk.length, chunk)) socket.pause();
    });
    return socket;
  } catch (error) {
    throw error instanceof RaceLost ? lost(error, port) : error;
  }
}

/** One error for what all addresses have said. A refusal says most: somebody is there. */
function lost({ standings }: RaceLost, port: number): Error {
  const codes = standings.map(([, loss]) => (loss as NodeJS.ErrnoException | undefined)?.code);
  const code = codes.find((each) => each === "ECONNREFUSED") ?? codes[0];
  return Object.assign(new Error(standingsText(standings, port)), { code });
}

/** Small, so that a write the kernel did not take is soon followed by `drain`. In bytes. */
const WRITE_BUFFER = 4 * 1024;
const SOCKET = { allowHalfOpen: true, highWaterMark: WRITE_BUFFER };

function withScheme(text: string): string {
  if (/^\d+$/.test(text)) return `http://localhost:${text}`;
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
}
